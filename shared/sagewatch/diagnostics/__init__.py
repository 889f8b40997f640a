"""What is found out about a job: its log, its family's failures, how it used its instances, what would have done."""
