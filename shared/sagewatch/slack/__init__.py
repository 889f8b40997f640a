"""Everything about Slack: the messages it shows and the buttons people press."""
