"""Define what all alerts share, how alerts are grouped, and the ports they go through."""
