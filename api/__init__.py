"""People and the wire: who asks and what they may see, one file a noun, and the command line."""
