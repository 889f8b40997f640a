"""Keep the rows of ended work, their totals, and the queries on them."""
