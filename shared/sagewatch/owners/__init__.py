"""Whose a job or a notebook is: its tags, its parent's tags, its user profile, its role."""
