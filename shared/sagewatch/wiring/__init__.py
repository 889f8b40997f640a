"""The only package that names adapters: one module for each function."""

# Loaded before pydantic, this module builds no pydantic models of Kafka, Kinesis and other events: a tenth of a start.
import aws_lambda_powertools.utilities.batch  # noqa: F401 - for its effect on what is loaded later
