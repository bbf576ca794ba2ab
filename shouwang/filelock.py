"""A lock that an open file holds and that ends with its process, however that ends."""

from __future__ import annotations

import fcntl


def taken(file: int) -> bool:
    """Takes the lock for this descriptor; ``False``, at once, where another holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
