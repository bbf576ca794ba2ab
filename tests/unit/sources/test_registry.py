"""No transport is forgotten."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import collectors.sources
from collectors.sources.registry import SOURCES


def test_every_source_that_is_written_is_registered() -> None:
    written = {
        each
        for module in pkgutil.iter_modules(collectors.sources.__path__)
        if module.name not in {"base", "registry"}
        for each in vars(import_module(f"collectors.sources.{module.name}")).values()
        if inspect.isclass(each) and each.__module__.startswith("collectors.sources") and hasattr(each, "status")
        if hasattr(each, "run")
    }
    assert written == set(SOURCES.values())
