"""Every parser, on lines of our own making."""
