"""The reader of a failed job's log: normalise, separate the writers, find candidates, rank them, cut to one screen."""
