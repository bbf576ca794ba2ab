"""The engine that runs: what ``detection.naive`` means, at a few microseconds an event."""
