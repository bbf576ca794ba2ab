"""Proves that what is kept can be restored."""
