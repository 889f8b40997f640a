"""Sessions of notebook instances: what they are, what they cost, and what keeps them in order."""
