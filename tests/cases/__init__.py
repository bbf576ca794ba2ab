"""What the shared cases expect, for the tests and for the demo that goes through the real commands."""
