"""``make bench``: every measurement in turn, what was measured, and the page that shows it."""
