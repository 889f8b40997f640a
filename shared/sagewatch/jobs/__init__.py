"""Record jobs, sweep for those that events missed, and report long-running ones."""
