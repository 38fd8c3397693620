"""Places: the tables, one file a noun with its rules and queries. Knows nothing of HTTP."""
