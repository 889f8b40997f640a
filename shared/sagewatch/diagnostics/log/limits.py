"""How much of a failed job's log is read. ``excerpt`` has how much is shown."""

STREAMS_READ = 5  # of a job
EVENTS_READ = 200  # of a stream's end, in one call
CHARACTERS_READ, LINES_READ = 300_000, 4_000  # of these events, before they are cleaned
LINE_READ = 2000  # characters, after masking
