"""What can be asked of a home, and by whom: ``table.ACTS`` is all of it."""
