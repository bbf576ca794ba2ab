"""Alerts become Incidents with a grade, a life and papers."""
