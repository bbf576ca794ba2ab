"""Each flow joins at most two domains."""
