"""Buttons and dialogs: the endpoint, what was pressed, and what it does."""
