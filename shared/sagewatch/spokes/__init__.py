"""Other accounts: which of their regions are swept, and what is reported if one cannot be read."""
