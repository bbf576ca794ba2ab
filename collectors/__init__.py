"""Bytes from the world become Events."""
