"""Where Hyperscan cannot be imported the engine finds the same, and says so."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["hyperscan"] = None
from detection.engine import Engine
from detection.fast.literals import Literals
from detection.fast.sieve import Sieve
from detection.sigma.patterns import parse
from detection.sigma.predicates import Pattern
assert not Engine.accelerated
pieces = [f"piece{n}" for n in range(30)] + ["\\x02c:", ".exe\\x01"]
found = Literals(pieces).found_in("C:\\\\PIECE7\\\\Piece21.EXE")
assert {pieces[n] for n in found} >= {"piece7", "piece21", "\\x02c:", ".exe\\x01"}, found
sieve = Sieve([Pattern(parse("*sekurlsa::*"))])
lines = [b'{"a":"SekurLSA::x"}', b'{"a":"\\u0073ekurlsa::"}', b'{"a":"\\u2026"}', b'{"EventID":3}']
assert [sieve.flags(line) for line in lines] == [True, True, False, False]
assert sieve.flags(b"sekurlsa::") and not sieve.flags(b"nothing")
print("same")
"""


def test_the_engine_finds_the_same_without_hyperscan_and_says_that_it_is_slower() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "same\n", done.stderr
