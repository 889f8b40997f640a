"""Monthly budgets: what is used of them, and what is expected."""
