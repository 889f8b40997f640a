"""Jobs from event to row: record, sweep, tell of what runs for long."""
