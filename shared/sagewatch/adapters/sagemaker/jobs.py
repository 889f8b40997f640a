"""SageMaker's Describe calls, each in the job's own account and region."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, text_of, translated
from sagewatch.adapters.sagemaker.calls import call, facts_of_job
from sagewatch.clock import Clock
from sagewatch.errors import JobNotFoundError
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS
from sagewatch.sagemaker.ports import Jobs
from sagewatch.sagemaker.resources import Job, refuse_impossible_job
from sagewatch.sagemaker.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


# The model declares ResourceNotFound; the service often answers ValidationException, which has no finer code.
_GONE = lazy_pattern(r"not found|(could not|cannot|can't) find|RecordNotFound", re.IGNORECASE)

# Five hundred children of one tuning job are one call, not five hundred.
_KEPT_FOR, _KEPT_TAGS = timedelta(minutes=5), 1000


class SageMakerJobs(Jobs):
    """The ``Jobs`` port on the SageMaker API."""

    PERMISSIONS: ClassVar = (
        *(f"sagemaker:{KIND_FACTS[kind].describe_operation}" for kind in JOB_KINDS),
        "sagemaker:ListTags",
    )

    def __init__(self, client_for: "Callable[[str], SageMakerClient]", clock: Clock) -> None:
        self._client_for = client_for
        self._clock = clock
        self._tags: dict[str, tuple[Mapping[str, str], datetime]] = {}

    @override
    def describe(self, job: Job) -> Job:
        facts = facts_of_job(job.kind)
        with translated(f"sagemaker:Describe of {job.kind} job {job.name} in {job.region}"):
            try:
                answer = call(self._client_for(job.scope), facts.describe_operation, {facts.name_field: job.name})
            except ClientError as exc:
                if is_gone(exc):
                    raise JobNotFoundError(f"{job.kind} job {job.name} is not in {job.region}") from exc
                raise
        found = read_job(job.kind, answer, account=job.account, region=job.region, described=True)
        return refuse_impossible_job(found, self._clock())

    @override
    def tags(self, arn: str, scope: Scope) -> Mapping[str, str]:
        kept = self._tags.get(arn)
        if kept is None or self._clock() >= kept[1]:
            if len(self._tags) >= _KEPT_TAGS:
                self._tags.clear()
            kept = self._tags[arn] = (
                read_tags(self._client_for(scope), arn),
                self._clock() + _KEPT_FOR,
            )
        return kept[0]


def read_tags(client: "SageMakerClient", arn: str) -> Mapping[str, str]:
    """Ask for the tags of a resource, none for one that is gone.

    It has at most 50 of the user's, but AWS's own come on top, and a page may be shorter.
    """
    with translated(f"sagemaker:ListTags of {arn}"):
        try:
            pages = list(client.get_paginator("list_tags").paginate(ResourceArn=arn))
        except ClientError as exc:
            if is_gone(exc):
                return {}
            raise
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def is_gone(error: ClientError) -> bool:
    """Whether SageMaker says that there is no such job."""
    code = code_of(error)
    return code.startswith("ResourceNotFound") or (
        code == "ValidationException" and _GONE.search(text_of(error)) is not None
    )
