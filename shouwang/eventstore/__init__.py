"""Where events, matches and the day ledger are kept."""
