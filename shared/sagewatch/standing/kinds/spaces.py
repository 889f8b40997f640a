"""Studio spaces: their volumes, which are billed until the space is deleted, whether or not an app runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Active, Source, Unknown
from sagewatch.owners.owner import Owner
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import MOST_GB, AwsModel
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found, read
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource, Unit

_NO_APP = "no app runs on its volume; SageMaker does not say when the last one did"
_STOPPING = "Delete the space: the files on its volume are lost"


class EbsStorage(AwsModel):
    """A space's volume."""

    ebs_volume_size_in_gb: int | None = Field(None, ge=0, le=MOST_GB)


class Storage(AwsModel):
    """A space's storage."""

    ebs_storage_settings: EbsStorage | None = None


class Settings(AwsModel):
    """A space's settings, in DescribeSpace."""

    space_storage_settings: Storage | None = None


class Ownership(AwsModel):
    """Whose space it is."""

    owner_user_profile_name: str | None = None


class SpaceSummary(AwsModel):
    """One of ListSpaces."""

    domain_id: str
    space_name: str


class SpaceModel(AwsModel):
    """DescribeSpace."""

    arn: Arn = Field(alias="SpaceArn")
    domain_id: str
    space_name: str
    status: str
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    space_settings: Settings | None = None
    ownership_settings: Ownership | None = None

    @property
    def volume_gb(self) -> int | None:
        """The size of its volume."""
        storage = self.space_settings.space_storage_settings if self.space_settings else None
        return storage.ebs_storage_settings.ebs_volume_size_in_gb if storage and storage.ebs_storage_settings else None


@dataclass(frozen=True, slots=True)
class Spaces(StandingKind):
    """The spaces of all domains of a region."""

    kind: ResourceKind = ResourceKind.SPACE
    reads: tuple[str, ...] = ("ListSpaces", "DescribeSpace", "ListApps")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """A space with an app in service is in use."""
        del now
        apps = api.pages("ListApps", "Apps")
        busy = {(app.get("DomainId"), app.get("SpaceName")) for app in apps if app.get("Status") == "InService"}
        listed = [read(SpaceSummary, fields, "space") for fields in api.pages("ListSpaces", "Spaces")]
        yield from (each for each in listed if isinstance(each, SageWatchError))
        spaces = [each for each in listed if isinstance(each, SpaceSummary)]
        requests = [{"SpaceName": each.space_name, "DomainId": each.domain_id} for each in spaces]
        answers = api.each("DescribeSpace", requests)
        yield from found(
            SpaceModel,
            [each.space_name for each in spaces],
            answers,
            lambda space: _resource(space, running=(space.domain_id, space.space_name) in busy),
        )


def _resource(space: SpaceModel, *, running: bool) -> StandingResource:
    size = space.volume_gb
    line = BilledLine("Studio", "", Decimal(size or 0), Unit.GB_MONTH)
    owner = space.ownership_settings.owner_user_profile_name if space.ownership_settings else None
    return StandingResource(
        kind=ResourceKind.SPACE,
        arn=space.arn,
        name=space.space_name,
        status=space.status,
        since=space.creation_time,
        changed_at=space.last_modified_time,
        configuration=f"{size if size is not None else 'an unknown number of'} GB in {space.domain_id}",
        parts=(BilledPart(lines=(line,)) if size is not None else BilledPart(unpriced="its size is not known"),),
        evidence=Answered(
            Active(Source.DESCRIBE, None, "an app runs on its volume") if running else Unknown(Source.DESCRIBE, _NO_APP)
        ),
        stopping=_STOPPING,
        owner=Owner(owner, "user profile") if owner else None,
    )
