"""People and the wire: who asks, what they may see, the API, the command line."""
