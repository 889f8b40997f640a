"""Make what ``sam build`` left start faster: trim botocore's models and add bytecode."""
