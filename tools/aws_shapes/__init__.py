"""Compares what SageWatch reads of SageMaker's answers with the service's own model."""
