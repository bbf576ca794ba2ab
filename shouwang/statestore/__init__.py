"""Alerts, incidents, audit and what detection must remember: one SQLite file."""
