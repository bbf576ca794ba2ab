from __future__ import annotations

import importlib
import pkgutil

import collectors.parsers
from collectors.registry import PARSERS


def test_no_parser_is_forgotten() -> None:
    """Every module of the folder that has ``parse`` is in the registry."""
    modules = [
        importlib.import_module(f"collectors.parsers.{info.name}")
        for info in pkgutil.iter_modules(collectors.parsers.__path__)
    ]
    found = {module.parse for module in modules if hasattr(module, "parse")}
    assert found <= set(PARSERS.values())
