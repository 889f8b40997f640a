"""Idle notebooks: evidence, the decision, the announcement, the stop."""
