"""The daily and weekly digest, budgets, savings, and whether SageWatch itself is well."""
