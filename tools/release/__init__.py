"""Commands that make a release."""
