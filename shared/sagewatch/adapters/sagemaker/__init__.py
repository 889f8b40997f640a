"""SageMaker's API."""
