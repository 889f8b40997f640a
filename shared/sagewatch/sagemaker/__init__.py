"""What SageMaker says, as values: jobs, notebook instances, their events and descriptions, and facts about them."""
