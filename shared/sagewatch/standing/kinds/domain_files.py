"""The home file system of a Studio domain: Amazon EFS bills what is stored in it, until someone deletes it.

Deleting a domain keeps it by default. SageMaker says which it is, and neither how full it is nor whether it is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledPart, StandingResource

_UNPRICED = "Amazon EFS bills each GB that is stored in it, and SageMaker does not say how many there are"
_NO_METRIC = "SageMaker does not say whether files of it are used"
_STOPPING = "Delete the files that are not needed: EFS has no stopped state, and its domain needs it"


class DomainModel(AwsModel):
    """DescribeDomain."""

    arn: Arn = Field(alias="DomainArn")
    domain_id: str
    domain_name: str | None = None
    status: str
    creation_time: Timestamp = None
    home_efs_file_system_id: str | None = None


@dataclass(frozen=True, slots=True)
class DomainFiles(StandingKind):
    """The home file systems of all domains of a region."""

    kind: ResourceKind = ResourceKind.DOMAIN_FILES
    reads: tuple[str, ...] = ("ListDomains", "DescribeDomain")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """A domain may have none."""
        del now
        names = [domain["DomainId"] for domain in api.pages("ListDomains", "Domains")]
        answers = api.each("DescribeDomain", [{"DomainId": name} for name in names])
        yield from found(DomainModel, names, answers, _resource)


def _resource(domain: DomainModel) -> StandingResource:
    files = domain.home_efs_file_system_id
    return StandingResource(
        kind=ResourceKind.DOMAIN_FILES,
        arn=domain.arn,
        name=f"{domain.domain_id}/{files or 'no file system'}",
        status=domain.status,
        since=domain.creation_time,
        configuration=f"EFS of the domain {domain.domain_name or domain.domain_id}",
        parts=(BilledPart(unpriced=_UNPRICED),) if files else (),
        evidence=Answered(Unknown(Source.DESCRIBE, _NO_METRIC)),
        stopping=_STOPPING,
        note="the domain has no home file system",
    )
