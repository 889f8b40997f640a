"""``make deploy``, ``make reattach`` and ``make remove``: a stack from its first deployment to its end."""
