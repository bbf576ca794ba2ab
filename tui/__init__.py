"""The on-duty analyst's terminal: shows and asks, decides nothing."""
