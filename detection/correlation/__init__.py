"""Matches of rules over time -> hits of correlations."""
