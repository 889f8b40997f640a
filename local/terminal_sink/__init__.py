"""A second sink: alerts as plain text on a terminal, without Slack."""
