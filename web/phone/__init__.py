"""The streetworker at a phone."""
