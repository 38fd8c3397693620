"""The manager at a desk."""
