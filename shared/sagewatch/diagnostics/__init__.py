"""Diagnose jobs: the log, the family's failures, the utilization, and a cheaper instance type."""
