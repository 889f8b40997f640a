"""The two tables."""
