"""What programs write into syslog and the journal, by program name.

A program parser is given the message and the document, and adds what it understands. Log text is hostile: the patterns
are anchored at the end that the attacker does not write, and what can be read in two ways is left out and flagged.
"""
