"""Doggerstad, a town that does not exist: made from a seed, standing on the Dogger Bank in the North Sea."""
