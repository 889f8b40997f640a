"""Everything that is Slack's: messages out, buttons in."""
