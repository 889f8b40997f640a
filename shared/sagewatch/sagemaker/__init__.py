"""Read SageMaker's jobs, notebook instances, events and descriptions as values."""
