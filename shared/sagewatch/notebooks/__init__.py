"""Sessions of notebook instances: when they begin and end, and what they cost."""
