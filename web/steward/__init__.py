"""What stewards see: who saw what, and the rules that are theirs to keep."""
