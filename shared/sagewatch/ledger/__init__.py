"""The cost rows of ended jobs and notebook sessions, their totals, and the queries on them."""
