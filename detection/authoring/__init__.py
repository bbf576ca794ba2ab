"""For who writes rules: what is wrong with one, why it fires, what the set covers."""
