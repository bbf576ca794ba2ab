"""``regression.py SIGMA``: each of SigmaHQ's regression cases, in each of its forms, through one ``scan`` a form."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

RULES = ("rules", "rules-emerging-threats", "rules-threat-hunting")
FORMS = ("evtx", "json", "raw")


def cases(sigma: Path) -> dict[Path, str]:
    """Folder -> the id of the rule that its records must fire."""
    found = sorted((sigma / "regression_data").rglob("info.yml"))
    return {info.parent: yaml.safe_load(info.read_text(encoding="utf-8"))["rule_metadata"][0]["id"] for info in found}


def fired(sigma: Path, files: list[Path]) -> set[tuple[Path, str]]:
    """Which file fired which rule."""
    rules = [word for folder in RULES for word in ("--rules", str(sigma / folder))]
    command = ["scripts/run", "scan", "--json", "--lang", "en", *rules, *map(str, files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(done.stderr.strip().splitlines()[-1])
    matches = map(json.loads, done.stdout.splitlines())
    return {(Path(match["source"]), match["rule_id"]) for match in matches}


def main(sigma: Path) -> int:
    wanted: Mapping[Path, str] = cases(sigma)
    counts: dict[str, tuple[int, int]] = {}
    missed: list[Path] = []
    seen: set[Path] = set()
    for form in FORMS:
        files = {file: wanted[folder] for folder in wanted for file in folder.glob(f"*.{form}")}
        seen |= {file.parent for file in files}
        found = fired(sigma, list(files))
        wrong = [file for file, rule in files.items() if (file, rule) not in found]
        counts[form] = (len(files), len(files) - len(wrong))
        missed += wrong
    print("form  cases  fired")
    for form, (number, right) in counts.items():
        print(f"{form:<5} {number:>5}  {right:>5}")
    print(f"cases with records: {len(seen)} of {len(wanted)}")
    for file in missed:
        print(f"did not fire: {file}")
    return 0 if wanted and not missed and seen == set(wanted) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
