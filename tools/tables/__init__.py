"""Commands that generate the shipped tables."""
