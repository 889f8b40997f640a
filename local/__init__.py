"""The local cloud: the whole stack on one machine, with real clients and no AWS account.

The product knows nothing of this package. It starts MiniStack (CloudFormation, Lambda, EventBridge, SQS, DynamoDB,
SSM, IAM), moto's SageMaker with what it lacks, and a small Slack, deploys the real template to them, and plays a day.
"""
