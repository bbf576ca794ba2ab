"""Python's search for garbage, held back while there is none to be found."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """For making hundreds of thousands of objects that all stay: looking through them again and again doubles the time.
    Of the whole process, all threads included."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
