"""守望 Shouwang: the security-operations toolkit that a small operator can run."""

__version__ = "0.1.0"
