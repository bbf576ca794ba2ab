"""The default event store: SQLite in the home, nothing to install or run beside it."""

from shouwang.eventstore.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore"]
