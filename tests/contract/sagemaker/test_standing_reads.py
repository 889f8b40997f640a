"""The reads of standing resources over HTTP, on the emulated SageMaker and CloudWatch: pages, what is gone, errors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.sagemaker.faults import FAULTS
from local.sagemaker.standing import SHELF
from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.sagemaker.reads import SageMakerApiReads, SageMakerStandingReads
from sagewatch.errors import AccessDeniedError, SageWatchError, ThrottledError
from sagewatch.standing.evidence import MetricProbe, Points
from sagewatch.standing.kinds.spaces import Spaces
from sagewatch.standing.ports import SageMakerReads
from sagewatch.standing.resources import StandingResource
from tests.worlds.aws import Aws

ACCOUNT, REGION = "123456789012", "sa-east-1"  # moto's own account, and a region of its own
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.fixture
def reads(aws: Aws) -> SageMakerReads:
    """230 spaces."""
    for number in range(230):
        name = f"s{number:03}"
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:space/d-1/{name}"
        storage = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": number + 5}}}
        space = {"DomainId": "d-1", "SpaceName": name, "SpaceArn": arn, "Status": "InService", "SpaceSettings": storage}
        SHELF.put((ACCOUNT, REGION), "space", {**space, "CreationTime": "2026-11-01T00:00:00Z"})
    return SageMakerStandingReads(lambda region: aws.client("sagemaker", region))(REGION)


def test_every_page_is_read_and_every_element_described(reads: SageMakerReads) -> None:
    """Three pages of at most a hundred; answers come in the order of the requests."""
    found = [each for each in Spaces().find(reads, NOW) if isinstance(each, StandingResource)]

    assert [each.name for each in found] == [f"s{number:03}" for number in range(230)]
    assert found[7].configuration == "12 GB in d-1"


def test_what_is_gone_is_nothing_and_what_fails_is_an_error(reads: SageMakerReads) -> None:
    """The others are answered."""
    requests = [{"SpaceName": name, "DomainId": "d-1"} for name in ("s001", "never")]
    there, gone = reads.each("DescribeSpace", requests)

    assert isinstance(there, dict)
    assert gone is None

    FAULTS.order("DescribeSpace", "ThrottlingException", "Rate exceeded", 1)
    [refused] = reads.each("DescribeSpace", requests[:1])

    assert isinstance(refused, ThrottledError)


class ShortPages:
    """A SageMaker that answers one tag at a time."""

    def list_tags(self, **request: str) -> dict[str, object]:
        """The protecting one is the second."""
        if "NextToken" in request:
            return {"Tags": [{"Key": "sagewatch:protect", "Value": ""}]}
        return {"Tags": [{"Key": "owner", "Value": "ana"}], "NextToken": "2"}


def test_all_pages_of_tags_are_one_answer() -> None:
    """Any of them may protect, and a page may be short."""
    client: Any = ShortPages()
    [answer] = SageMakerApiReads(client).each("ListTags", [{"ResourceArn": "arn"}])

    assert isinstance(answer, dict)
    assert [tag["Key"] for tag in answer["Tags"]] == ["owner", "sagewatch:protect"]


def test_a_listing_that_is_refused_raises(reads: SageMakerReads) -> None:
    """A denied List is no empty list."""
    FAULTS.order("ListSpaces", "AccessDeniedException", "no", 1)

    with pytest.raises(AccessDeniedError, match="sagemaker:ListSpaces"):
        list(reads.pages("ListSpaces", "Spaces"))


def test_daily_sums_begin_at_midnight_and_other_dimension_sets_are_other_series(aws: Aws) -> None:
    """A series of the endpoint's name alone matches nothing."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    dimensions = (("EndpointName", "e"), ("VariantName", "v"))
    aws.client("cloudwatch", REGION).put_metric_data(
        Namespace="AWS/SageMaker",
        MetricData=[
            {
                "MetricName": "Invocations",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
                "Timestamp": midnight - timedelta(hours=hours),
                "Value": 2.0,
            }
            for hours in (1, 5, 30)
        ],
    )
    exact = MetricProbe(namespace="AWS/SageMaker", metric="Invocations", dimensions=dimensions)
    alone = MetricProbe(namespace="AWS/SageMaker", metric="Invocations", dimensions=dimensions[:1])
    read = CloudWatchUsageReads(lambda region: aws.client("cloudwatch", region))(REGION)
    found = read.read([exact, alone], datetime.now(UTC))

    assert found[alone] == Points()
    assert found[exact] == Points(((midnight - timedelta(days=2), 2.0), (midnight - timedelta(days=1), 4.0)))


def test_a_metric_that_cannot_be_read_is_an_error_and_not_silence() -> None:
    """Each series of the call has it."""

    class Refusing:
        """A client whose calls fail."""

        def get_paginator(self, name: str) -> "Refusing":
            """Itself."""
            del name
            return self

        def paginate(self, **request: object) -> object:
            """Fail."""
            del request
            raise ThrottledError("cloudwatch:GetMetricData: Throttling")

    probe = MetricProbe(namespace="n", metric="m", dimensions=())
    client: object = Refusing()
    found = CloudWatchUsageReads(lambda _: client)(REGION).read([probe], NOW)  # type: ignore[arg-type,return-value] # a small fake

    assert isinstance(found[probe], SageWatchError)
