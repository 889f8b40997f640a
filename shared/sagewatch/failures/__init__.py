"""Why a job failed: its class, and the one next step."""
