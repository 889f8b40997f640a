"""The shell of every Lambda: queue batches, schedules, settings, metrics."""
