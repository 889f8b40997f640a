"""Commands a developer runs to make the shipped tables."""
