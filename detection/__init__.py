"""Events become Matches, Matches become Alerts."""
