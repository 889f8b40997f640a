"""A Slack workspace: the Web API, interactions and a page to look at."""
