"""Threat intelligence: sets of indicators -> an index file -> matches in the stream of events."""
