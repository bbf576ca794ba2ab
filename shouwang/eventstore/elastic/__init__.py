"""The event store for when one machine is not enough: the user's Elasticsearch cluster is the engine."""
