"""Sealed segments: stretches of the journal as Parquet files, and the manifest in ``events.db`` that names them.

``layout`` and what imports it need Arrow and run in a worker; the rest is the daemon's and does without.
"""
