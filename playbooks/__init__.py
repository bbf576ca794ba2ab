"""Incidents become Steps and ActionResults."""
