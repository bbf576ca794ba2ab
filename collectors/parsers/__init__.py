"""One format a file; pure: bytes and where they came from in, Event out."""
