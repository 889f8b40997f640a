"""The rows of ended work, what they add up to, and what can be asked of them."""
