"""Daily and weekly digests: spend, budgets, savings, and whether SageWatch itself is well."""
