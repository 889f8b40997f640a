"""Store rows and state in the two DynamoDB tables."""
