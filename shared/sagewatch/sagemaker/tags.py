"""The tags that SageWatch reads, other than those that name an owner: route, parent, and how to treat a notebook."""

from collections.abc import Mapping

from sagewatch.sagemaker.resources import Job

IDLE_AFTER_TAG, IGNORE_TAG, PROTECT_TAG = "sagewatch:idle-after", "sagewatch:ignore", "sagewatch:protect"
TERMINALS_TAG = "sagewatch:terminals"  # "ignore": silent terminals need not be waited for
_CHANNEL_TAG = "sagewatch:channel"  # asks for one of the routes an operator has set
# Pipelines puts it on what its steps start: arn:...:pipeline/<name>/execution/<id> (SageMaker Python SDK, lineage).
_EXECUTION_TAG = "sagemaker:pipeline-execution-arn"


def route_of(tags: Mapping[str, str] | None) -> str | None:
    """The route a resource's tag asks for; whether there is one of that name delivery knows."""
    return (tags or {}).get(_CHANNEL_TAG)


def parent_of(job: Job) -> str | None:
    """Return the ARN of the job's parent: the one SageMaker reports, else the pipeline execution in its tags."""
    execution = (job.tags or {}).get(_EXECUTION_TAG, "")
    return job.parent_arn or (execution.lower() if execution.startswith("arn:") else None)


def tagged_as(parent_arn: str) -> str:
    """The ARN whose tags speak for a parent: an execution has none, its pipeline has."""
    return parent_arn.partition("/execution/")[0]
