"""``make doctor``: test SageWatch's assumptions about AWS and Slack on a live account."""
