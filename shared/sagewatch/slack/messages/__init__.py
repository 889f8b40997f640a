"""Alerts as Slack messages, within Block Kit's limits; one module for each subject."""
