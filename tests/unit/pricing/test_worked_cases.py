"""What SageMaker bills, as a table of worked cases: each has its source and was worked out by hand.

A case goes the whole way from what Describe answers to the row of the ledger. Amounts are to ten decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.ledger.records import CostRecord, RecordedBy, record_of
from sagewatch.pricing.book import Price, PriceBook
from sagewatch.pricing.job_cost import PricingStatus, cost_of
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from tests.worlds.builders import ACCOUNT, NOW

# Sources: what AWS says, and where.
API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
BILLED_SECONDS = f"DescribeTrainingJob, BillableTimeInSeconds x InstanceCount: {API}/API_DescribeTrainingJob.html"
BILLED_INTERVAL = (
    f"DescribeTrainingJob, billed from TrainingStartTime to TrainingEndTime: {API}/API_DescribeTrainingJob.html"
)
MAY_BE_ABSENT = f"DescribeTrainingJob, fields absent from some failed jobs: {API}/API_DescribeTrainingJob.html"
SPOT_SAVINGS = (
    f"DescribeTrainingJob, 1 - BillableTimeInSeconds / TrainingTimeInSeconds: {API}/API_DescribeTrainingJob.html"
)
SECONDARY_STATUS = f"DescribeTrainingJob, SecondaryStatus of Stopped jobs: {API}/API_DescribeTrainingJob.html"
TOKENS = f"DescribeTrainingJob, BillableTokenCount of serverless jobs: {API}/API_DescribeTrainingJob.html"
RETRIES = f"RetryStrategy, attempts of one job: {API}/API_RetryStrategy.html"
GROUPS = f"InstanceGroup, clusters of several types: {API}/API_InstanceGroup.html"
NVME = f"ResourceConfig, VolumeSizeInGB, no EBS storage beside NVMe: {API}/API_ResourceConfig.html"
POOL_SECONDS = f"WarmPoolStatus, ResourceRetainedBillableTimeInSeconds x InstanceCount: {API}/API_WarmPoolStatus.html"
POOL_BILLING = f"SageMaker AI Managed Warm Pools, Billing: {GUIDE}/train-warm-pools.html"
PLAN = f"Training plans, paid upfront: {GUIDE}/choose-best-training-plan-using-api-cli-sdk.html"
BUILT_IN_RULES = f"Debugger, built-in rules at no additional cost: {GUIDE}/use-debugger-built-in-profiler-rules.html"
CUSTOM_RULES = f"Debugger, custom rules run on an instance of yours: {GUIDE}/debugger-custom-rules-python-sdk.html"
PROCESSING_TIMES = f"DescribeProcessingJob, start and end, both optional: {API}/API_DescribeProcessingJob.html"
TRANSFORM_INTERVAL = f"DescribeTransformJob, billed from start to end: {API}/API_DescribeTransformJob.html"
TUNING = f"DescribeHyperParameterTuningJob, training jobs of its own: {API}/API_DescribeHyperParameterTuningJob.html"
AUTOML = f"DescribeAutoMLJobV2, nothing billed of its own: {API}/API_DescribeAutoMLJobV2.html"
PER_SECOND = "SageMaker pricing page, per second, no minimum fees: https://aws.amazon.com/sagemaker/pricing/"
LIST_PRICES = "SageMaker pricing page, prices by type, component and region: https://aws.amazon.com/sagemaker/pricing/"
GB_MONTH = "EBS charges, 1 GB for all the hours of the month: https://repost.aws/knowledge-center/ebs-volume-charges"
UTC_BILL = (
    "Cost and Usage Report, intervals in UTC: https://docs.aws.amazon.com/cur/latest/userguide/identity-columns.html"
)
VOLUME_RATES = "A bill of eu-west-1, Sample_Costs.md: https://github.com/aws-samples/sagemaker-ssh-helper"
EFFECTIVE_DATES = (
    "AWS Price List, versionEffectiveBeginDate: "
    "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/service-version-index-file-for-aws-service.html"
)


def a_book(
    region: str, hourly: Mapping[str, Mapping[str, str]], volumes: Mapping[str, str], as_of: str = "2026-09-24"
) -> PriceBook:
    """The price list of a region, of a date."""

    def listed(usd: str, component: str) -> Price:
        return Price(Decimal(usd), component, region, as_of, "AWS Price List")

    return PriceBook(
        hourly={name: {key: listed(usd, name) for key, usd in rates.items()} for name, rates in hourly.items()},
        volumes={name: listed(usd, name) for name, usd in volumes.items()},
    )


N_VIRGINIA = a_book(
    "us-east-1",
    {
        "Training": {
            "ml.m5.xlarge": "0.23",
            "ml.c5.2xlarge": "0.408",
            "ml.g5.xlarge": "1.408",
            "ml.g5.2xlarge": "1.515",
        },
        "Processing": {"ml.m5.xlarge": "0.23"},
        "BatchTransform": {"ml.m5.xlarge": "0.23"},
        "Hosting": {"ml.m5.large": "0.115"},
    },
    {"Hosting": "0.14", "Processing": "0.10"},
)
IRELAND = a_book(
    "eu-west-1",
    {"Training": {"ml.m5.xlarge": "0.257"}, "Hosting": {"ml.m5.xlarge": "0.257"}},
    {"Training": "0.154", "Processing": "0.110"},
)
MUMBAI = a_book("ap-south-1", {"Training": {"ml.m5.xlarge": "0.242"}}, {})
# A tenth cheaper from 21 November 2026 on: made up, like any price change a test can know of.
N_VIRGINIA_LATER = a_book("us-east-1", {"Training": {"ml.m5.xlarge": "0.207"}}, {}, "2026-11-21").over(N_VIRGINIA)

BUILT_IN_RULE_IMAGE = "503895931360.dkr.ecr.us-east-1.amazonaws.com/sagemaker-debugger-rules:latest"
CUSTOM_RULE_IMAGE = "864354269164.dkr.ecr.us-east-1.amazonaws.com/sagemaker-debugger-rule-evaluator:latest"
WATCHED_JOB_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-01"
PLAN_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-plan/large-models-fine-tuning"
BASE_MODEL_ARN = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/llama/1.0.0"
NEVER_RAN: dict[str, None] = dict.fromkeys(
    ("TrainingStartTime", "TrainingEndTime", "BillableTimeInSeconds", "TrainingTimeInSeconds")
)
# What a case does not say; ``None`` says that there must be no amount.
UNSAID = "unsaid"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What Describe answers and what must be recorded, worked out by hand in ``arithmetic``.

    Amounts and prices that are ``UNSAID`` are not looked at; all else is. ``list_usd`` unsaid is ``usd``.
    """

    name: str
    source: str
    kind: ResourceKind = ResourceKind.TRAINING
    described: Mapping[str, Any]
    book: PriceBook = N_VIRGINIA
    region: str = "us-east-1"
    discount: Decimal = Decimal(0)
    pricing: PricingStatus = PricingStatus.PRICED
    arithmetic: str
    usd: str | None
    list_usd: str | None = UNSAID
    compute_usd: str | None = UNSAID
    storage_usd: str | None = UNSAID
    warm_pool_usd: str | None = None
    spot_savings_usd: str | None = None
    seconds: int | None
    ended_on: str = "2026-11-20"
    prices: str | None = UNSAID

    @property
    def expected(self) -> dict[str, object]:
        """The fields of the row that the case speaks of."""
        amounts = {
            "cost_usd": self.usd,
            "list_cost_usd": self.usd if self.list_usd == UNSAID else self.list_usd,
            "compute_usd": self.compute_usd,
            "storage_usd": self.storage_usd,
            "warm_pool_usd": self.warm_pool_usd,
            "spot_savings_usd": self.spot_savings_usd,
        }
        return {
            "pricing": self.pricing,
            "billable_seconds": self.seconds,
            "ended_on": self.ended_on,
            **{name: usd and Decimal(usd) for name, usd in amounts.items() if usd != UNSAID},
            **({} if self.prices == UNSAID else {"prices": self.prices}),
        }


def row_of(case: Case) -> CostRecord:
    """The row of the ledger a case leads to."""
    job = read_job(case.kind, case.described, account=ACCOUNT, region=case.region, described=True)
    return record_of(job, cost_of(job, case.book, case.discount), None, now=NOW, by=RecordedBy.EVENT)


def told(*described: Mapping[str, Any]) -> dict[str, Any]:
    """A Describe answer: later fields replace earlier ones, and a field that is ``None`` is absent."""
    fields = {key: value for part in described for key, value in part.items()}
    return {key: value for key, value in fields.items() if value is not None}


def on(instance_type: str = "ml.m5.xlarge", count: int = 1, **more: Any) -> dict[str, Any]:
    """ResourceConfig, ClusterConfig or TransformResources."""
    return {"InstanceType": instance_type, "InstanceCount": count, **more}


def ran(start: str, end: str, seconds: int) -> dict[str, Any]:
    """The times of a training job."""
    return {
        "CreationTime": start,
        "TrainingStartTime": start,
        "TrainingEndTime": end,
        "LastModifiedTime": end,
        "BillableTimeInSeconds": seconds,
        "TrainingTimeInSeconds": seconds,
    }


def training(**fields: Any) -> dict[str, Any]:
    """DescribeTrainingJob: an hour on one ml.m5.xlarge, waited for two minutes, without a volume."""
    hour = {
        "TrainingJobName": "Fraud-XGB-01",
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ResourceConfig": on(),
        **ran("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", 3600),
        "CreationTime": "2026-11-20T09:58:00Z",
    }
    return told(hour, fields)


def failed(reason: str, **fields: Any) -> dict[str, Any]:
    """DescribeTrainingJob: the same, failed."""
    status = {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "FailureReason": reason}
    return training(**status, **fields)


def stopped(secondary_status: str, **fields: Any) -> dict[str, Any]:
    """DescribeTrainingJob: the same, stopped."""
    return training(TrainingJobStatus="Stopped", SecondaryStatus=secondary_status, **fields)


def pool(status: str, seconds: int) -> dict[str, Any]:
    """WarmPoolStatus."""
    return {"Status": status, "ResourceRetainedBillableTimeInSeconds": seconds}


def processing(cluster: Mapping[str, Any] | None = None, image: str = "sklearn:1", **fields: Any) -> dict[str, Any]:
    """DescribeProcessingJob: an hour on one ml.m5.xlarge, without a volume."""
    hour = {
        "ProcessingJobName": "Features-01",
        "ProcessingJobStatus": "Completed",
        "ProcessingResources": {"ClusterConfig": cluster or on()},
        "AppSpecification": {"ImageUri": image},
        "CreationTime": "2026-11-20T09:58:00Z",
        "ProcessingStartTime": "2026-11-20T10:00:00Z",
        "ProcessingEndTime": "2026-11-20T11:00:00Z",
        "LastModifiedTime": "2026-11-20T11:00:05Z",
    }
    return told(hour, fields)


def transform(**fields: Any) -> dict[str, Any]:
    """DescribeTransformJob: an hour on one ml.m5.xlarge."""
    hour = {
        "TransformJobName": "Scores-01",
        "TransformJobStatus": "Completed",
        "TransformResources": on(),
        "CreationTime": "2026-11-20T09:58:00Z",
        "TransformStartTime": "2026-11-20T10:00:00Z",
        "TransformEndTime": "2026-11-20T11:00:00Z",
    }
    return told(hour, fields)


INSTANCES_AND_SECONDS = (
    Case(
        name="one instance for an hour",
        source=BILLED_SECONDS,
        described=training(),
        arithmetic="3600 s x 1 x 0.23 / 3600 = 0.23",
        usd="0.23",
        compute_usd="0.23",
        storage_usd="0",
        seconds=3600,
        prices="ml.m5.xlarge $0.23/h (Training, us-east-1, AWS Price List of 2026-09-24)",
    ),
    Case(
        name="two instances for an hour",
        source=BILLED_SECONDS,
        described=training(ResourceConfig=on(count=2)),
        arithmetic="3600 s x 2 x 0.23 / 3600 = 0.46",
        usd="0.46",
        seconds=3600,
    ),
    Case(
        name="one second is billed as one second",
        source=PER_SECOND,
        described=training(**ran("2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z", 1)),
        arithmetic="1 s x 1 x 0.23 / 3600 = 0.0000638889",
        usd="0.0000638889",
        seconds=1,
    ),
    Case(
        name="a failed job is billed until the failure was seen",
        source=BILLED_INTERVAL,
        described=failed(
            "AlgorithmError: exit code: 1",
            **ran("2026-11-20T10:00:00Z", "2026-11-20T10:20:00Z", 1200),
            ResourceConfig=on("ml.c5.2xlarge", 2),
        ),
        arithmetic="1200 s x 2 x 0.408 / 3600 = 0.272",
        usd="0.272",
        seconds=1200,
    ),
    Case(
        name="a stopped job is billed until its artifacts were uploaded",
        source=BILLED_INTERVAL,
        described=stopped(
            "Stopped",
            **ran("2026-11-20T10:00:00Z", "2026-11-20T10:15:00Z", 900),
            ResourceConfig=on("ml.g5.xlarge"),
        ),
        arithmetic="900 s x 1 x 1.408 / 3600 = 0.352",
        usd="0.352",
        seconds=900,
    ),
    Case(
        name="a job stopped by its time limit is billed",
        source=SECONDARY_STATUS,
        described=stopped(
            "MaxRuntimeExceeded",
            **ran("2026-11-20T10:00:00Z", "2026-11-20T12:00:00Z", 7200),
            ResourceConfig=on("ml.g5.2xlarge"),
            StoppingCondition={"MaxRuntimeInSeconds": 7200},
        ),
        arithmetic="7200 s x 1 x 1.515 / 3600 = 3.03",
        usd="3.03",
        seconds=7200,
    ),
    Case(
        name="spot, AWS's own example: 100 s billed of 500 s are 80 % saved",
        source=SPOT_SAVINGS,
        described=training(
            **ran("2026-11-20T10:00:00Z", "2026-11-20T10:08:20Z", 500) | {"BillableTimeInSeconds": 100},
            ResourceConfig=on(count=2),
            EnableManagedSpotTraining=True,
        ),
        arithmetic="100 s x 2 x 0.23 / 3600 = 0.0127777778; saved (500 - 100) s x 2 x 0.23 / 3600 = 0.0511111111",
        usd="0.0127777778",
        spot_savings_usd="0.0511111111",
        seconds=100,
    ),
    Case(
        name="spot with a discount: both what was paid and what was saved are less",
        source=SPOT_SAVINGS,
        described=training(
            BillableTimeInSeconds=1080, ResourceConfig=on("ml.g5.xlarge"), EnableManagedSpotTraining=True
        ),
        discount=Decimal(10),
        arithmetic="1080 s x 1.408 / 3600 x 0.9 = 0.38016; saved (3600 - 1080) s x 1.408 / 3600 x 0.9 = 0.88704",
        usd="0.38016",
        list_usd="0.4224",
        compute_usd="0.4224",
        spot_savings_usd="0.88704",
        seconds=1080,
    ),
    Case(
        name="a retried job is billed for its attempts, not for the waits between them",
        source=RETRIES,
        described=training(
            **ran("2026-11-20T10:00:00Z", "2026-11-20T14:00:00Z", 5400), RetryStrategy={"MaximumRetryAttempts": 3}
        ),
        arithmetic="5400 s x 1 x 0.23 / 3600 = 0.345",
        usd="0.345",
        seconds=5400,
    ),
    Case(
        name="instance groups are summed over the same seconds",
        source=GROUPS,
        described=training(
            **ran("2026-11-20T10:00:00Z", "2026-11-20T10:30:00Z", 1800),
            ResourceConfig={
                "InstanceGroups": [
                    {"InstanceGroupName": "gpu", **on("ml.g5.xlarge", 2)},
                    {"InstanceGroupName": "cpu", **on("ml.c5.2xlarge", 4)},
                ]
            },
        ),
        arithmetic="1800 s x (2 x 1.408 + 4 x 0.408) / 3600 = 2.224",
        usd="2.224",
        seconds=1800,
    ),
)

VOLUMES = (
    Case(
        name="a volume in November, a month of 30 days",
        source=GB_MONTH,
        described=training(ResourceConfig=on(VolumeSizeInGB=50)),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 3600 s / (30 x 86400) s = 0.2397222222",
        usd="0.2397222222",
        compute_usd="0.23",
        storage_usd="0.0097222222",
        seconds=3600,
    ),
    Case(
        name="a volume in October, a month of 31 days",
        source=GB_MONTH,
        described=training(
            **ran("2026-10-20T10:00:00Z", "2026-10-20T11:00:00Z", 3600), ResourceConfig=on(VolumeSizeInGB=50)
        ),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 3600 s / (31 x 86400) s = 0.2394086022",
        usd="0.2394086022",
        storage_usd="0.0094086022",
        seconds=3600,
        ended_on="2026-10-20",
    ),
    Case(
        name="a volume in February 2028, a month of 29 days",
        source=GB_MONTH,
        described=training(
            **ran("2028-02-29T10:00:00Z", "2028-02-29T11:00:00Z", 3600), ResourceConfig=on(VolumeSizeInGB=50)
        ),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 3600 s / (29 x 86400) s = 0.2400574713",
        usd="0.2400574713",
        storage_usd="0.0100574713",
        seconds=3600,
        ended_on="2028-02-29",
    ),
    Case(
        name="a volume in February 2026, a month of 28 days",
        source=GB_MONTH,
        described=training(
            **ran("2026-02-10T10:00:00Z", "2026-02-10T11:00:00Z", 3600), ResourceConfig=on(VolumeSizeInGB=50)
        ),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 3600 s / (28 x 86400) s = 0.2404166667",
        usd="0.2404166667",
        storage_usd="0.0104166667",
        seconds=3600,
        ended_on="2026-02-10",
    ),
    Case(
        name="no volume beside NVMe disks, whatever VolumeSizeInGB says",
        source=NVME,
        described=training(ResourceConfig=on("ml.g5.2xlarge", VolumeSizeInGB=500)),
        arithmetic="3600 s x 1 x 1.515 / 3600 + 0 = 1.515",
        usd="1.515",
        storage_usd="0",
        seconds=3600,
    ),
    Case(
        name="of several groups, those without NVMe disks have volumes",
        source=NVME,
        described=training(
            ResourceConfig={
                "InstanceGroups": [
                    {"InstanceGroupName": "gpu", **on("ml.g5.xlarge", 2)},
                    {"InstanceGroupName": "cpu", **on("ml.c5.2xlarge", 4)},
                ],
                "VolumeSizeInGB": 100,
            },
        ),
        arithmetic=(
            "3600 s x (2 x 1.408 + 4 x 0.408) / 3600 + 100 GB x 4 x 0.14 x 3600 s / (30 x 86400) s = 4.5257777778"
        ),
        usd="4.5257777778",
        storage_usd="0.0777777778",
        seconds=3600,
    ),
    Case(
        name="a volume where no rate is known: the compute stands, the storage is unknown",
        source=LIST_PRICES,
        described=training(ResourceConfig=on(VolumeSizeInGB=50)),
        book=MUMBAI,
        region="ap-south-1",
        arithmetic="3600 s x 1 x 0.242 / 3600 = 0.242",
        usd="0.242",
        compute_usd="0.242",
        storage_usd=None,
        seconds=3600,
    ),
    Case(
        name="another region has prices and volume rates of its own",
        source=VOLUME_RATES,
        described=training(ResourceConfig=on(count=2, VolumeSizeInGB=50)),
        book=IRELAND,
        region="eu-west-1",
        arithmetic="3600 s x 2 x 0.257 / 3600 + 50 GB x 2 x 0.154 x 3600 s / (30 x 86400) s = 0.5353888889",
        usd="0.5353888889",
        compute_usd="0.514",
        storage_usd="0.0213888889",
        seconds=3600,
        prices=(
            "ml.m5.xlarge $0.257/h (Training, eu-west-1, AWS Price List of 2026-09-24); "
            "volumes $0.154/GB-month (Training, eu-west-1, AWS Price List of 2026-09-24)"
        ),
    ),
)

CALENDAR = (
    Case(
        name="a job across midnight belongs to the day it ended, whole",
        source=BILLED_INTERVAL,
        described=training(**ran("2026-11-20T23:30:00Z", "2026-11-21T01:30:00Z", 7200)),
        arithmetic="7200 s x 1 x 0.23 / 3600 = 0.46",
        usd="0.46",
        seconds=7200,
        ended_on="2026-11-21",
    ),
    Case(
        name="a job across a month's end belongs to the next month, its volume to the month it started in",
        source=GB_MONTH,
        described=training(
            **ran("2026-02-28T22:00:00Z", "2026-03-01T04:00:00Z", 21600), ResourceConfig=on(VolumeSizeInGB=50)
        ),
        arithmetic="21600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 21600 s / (28 x 86400) s = 1.4425",
        usd="1.4425",
        compute_usd="1.38",
        storage_usd="0.0625",
        seconds=21600,
        ended_on="2026-03-01",
    ),
    Case(
        name="a job across the turn of the year belongs to the new one",
        source=TRANSFORM_INTERVAL,
        kind=ResourceKind.TRANSFORM,
        described=transform(
            CreationTime="2026-12-31T23:28:00Z",
            TransformStartTime="2026-12-31T23:30:00Z",
            TransformEndTime="2027-01-01T00:30:00Z",
        ),
        arithmetic="3600 s x 1 x 0.23 / 3600 = 0.23",
        usd="0.23",
        seconds=3600,
        ended_on="2027-01-01",
    ),
    Case(
        name="a job that ends at midnight sharp belongs to the day that begins",
        source=BILLED_INTERVAL,
        described=training(**ran("2026-11-30T22:00:00Z", "2026-12-01T00:00:00Z", 7200)),
        arithmetic="7200 s x 1 x 0.23 / 3600 = 0.46",
        usd="0.46",
        seconds=7200,
        ended_on="2026-12-01",
    ),
    Case(
        name="days and months are those of UTC, whatever zone the times are told in",
        source=UTC_BILL,
        described=training(
            **ran("2026-12-01T07:30:00+09:00", "2026-12-01T08:30:00+09:00", 3600),
            ResourceConfig=on(VolumeSizeInGB=50),
        ),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 50 GB x 1 x 0.14 x 3600 s / (30 x 86400) s = 0.2397222222",
        usd="0.2397222222",
        storage_usd="0.0097222222",
        seconds=3600,
        ended_on="2026-11-30",
    ),
)

WARM_POOLS = (
    Case(
        name="a warm pool that waits for another job: half an hour so far",
        source=POOL_SECONDS,
        described=training(
            ResourceConfig=on(count=2, KeepAlivePeriodInSeconds=7200), WarmPoolStatus=pool("Available", 1800)
        ),
        pricing=PricingStatus.PROVISIONAL,
        arithmetic="3600 s x 2 x 0.23 / 3600 + 1800 s x 2 x 0.23 / 3600 = 0.69",
        usd="0.69",
        compute_usd="0.46",
        warm_pool_usd="0.23",
        seconds=3600,
    ),
    Case(
        name="a warm pool that was terminated after two hours",
        source=POOL_SECONDS,
        described=training(
            ResourceConfig=on(count=2, KeepAlivePeriodInSeconds=7200), WarmPoolStatus=pool("Terminated", 7200)
        ),
        arithmetic="3600 s x 2 x 0.23 / 3600 + 7200 s x 2 x 0.23 / 3600 = 1.38",
        usd="1.38",
        compute_usd="0.46",
        warm_pool_usd="0.92",
        seconds=3600,
    ),
    Case(
        name="a warm pool that another job took over after ten minutes",
        source=POOL_SECONDS,
        described=training(
            ResourceConfig=on(count=2, KeepAlivePeriodInSeconds=7200),
            WarmPoolStatus=pool("Reused", 600) | {"ReusedByJob": "Fraud-XGB-02"},
        ),
        arithmetic="3600 s x 2 x 0.23 / 3600 + 600 s x 2 x 0.23 / 3600 = 0.5366666667",
        usd="0.5366666667",
        compute_usd="0.46",
        warm_pool_usd="0.0766666667",
        seconds=3600,
    ),
    Case(
        name="a warm pool that nothing is told of yet",
        source=POOL_BILLING,
        described=training(ResourceConfig=on(count=2, KeepAlivePeriodInSeconds=7200)),
        pricing=PricingStatus.PROVISIONAL,
        arithmetic="3600 s x 2 x 0.23 / 3600 = 0.46",
        usd="0.46",
        seconds=3600,
    ),
    Case(
        name="a warm pool keeps its volumes, which are billed too",
        source=VOLUME_RATES,
        described=training(
            ResourceConfig=on(count=2, VolumeSizeInGB=50, KeepAlivePeriodInSeconds=3600),
            WarmPoolStatus=pool("Terminated", 3600),
        ),
        book=IRELAND,
        region="eu-west-1",
        arithmetic="2 x (3600 s x 2 x 0.257 / 3600 + 50 GB x 2 x 0.154 x 3600 s / (30 x 86400) s) = 1.0707777778",
        usd="1.0707777778",
        compute_usd="0.514",
        storage_usd="0.0213888889",
        warm_pool_usd="0.5353888889",
        seconds=3600,
    ),
)

PAID_OTHERWISE = (
    Case(
        name="a training plan was paid for in advance",
        source=PLAN,
        described=training(ResourceConfig=on("ml.p5.48xlarge", TrainingPlanArn=PLAN_ARN)),
        pricing=PricingStatus.COVERED,
        arithmetic="no amount: the plan's upfront fee is not this job's",
        usd=None,
        seconds=3600,
    ),
    Case(
        name="serverless training is billed by the token",
        source=TOKENS,
        described=training(
            ResourceConfig=None,
            BillableTimeInSeconds=None,
            BillableTokenCount=1_000_000,
            ServerlessJobConfig={"JobType": "FineTuning", "BaseModelArn": BASE_MODEL_ARN},
        ),
        pricing=PricingStatus.NOT_INSTANCE_PRICED,
        arithmetic="no amount: it has no instances",
        usd=None,
        seconds=None,
    ),
    Case(
        name="a built-in Debugger rule is free",
        source=BUILT_IN_RULES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(VolumeSizeInGB=30), BUILT_IN_RULE_IMAGE, TrainingJobArn=WATCHED_JOB_ARN),
        pricing=PricingStatus.FREE,
        arithmetic="no amount: AWS bills neither its instance nor its volume",
        usd=None,
        seconds=None,
    ),
    Case(
        name="a custom Debugger rule is a processing job like any other",
        source=CUSTOM_RULES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(), CUSTOM_RULE_IMAGE, TrainingJobArn=WATCHED_JOB_ARN),
        arithmetic="3600 s x 1 x 0.23 / 3600 = 0.23",
        usd="0.23",
        seconds=3600,
    ),
    Case(
        name="the built-in rules' image on no training job is billed",
        source=BUILT_IN_RULES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(), BUILT_IN_RULE_IMAGE),
        arithmetic="3600 s x 1 x 0.23 / 3600 = 0.23",
        usd="0.23",
        seconds=3600,
    ),
    Case(
        name="a tuning job spends its money through its training jobs",
        source=TUNING,
        kind=ResourceKind.TUNING,
        described={
            "HyperParameterTuningJobName": "Fraud-HPO-01",
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": "2026-11-20T09:58:00Z",
            "HyperParameterTuningEndTime": "2026-11-20T11:00:00Z",
            "ConsumedResources": {"RuntimeInSeconds": 3720},
        },
        pricing=PricingStatus.NOT_INSTANCE_PRICED,
        arithmetic="no amount: RuntimeInSeconds is the tuner's wall clock, and its jobs have rows of their own",
        usd=None,
        seconds=None,
    ),
    Case(
        name="an AutoML job spends its money through the jobs it starts",
        source=AUTOML,
        kind=ResourceKind.AUTOML,
        described={
            "AutoMLJobName": "Fraud-AutoML-01",
            "AutoMLJobStatus": "Completed",
            "AutoMLJobSecondaryStatus": "Completed",
            "CreationTime": "2026-11-20T09:58:00Z",
            "EndTime": "2026-11-20T11:00:00Z",
        },
        pricing=PricingStatus.NOT_INSTANCE_PRICED,
        arithmetic="no amount: its jobs have rows of their own",
        usd=None,
        seconds=None,
    ),
)

NOT_ALL_IS_TOLD = (
    Case(
        name="a job that failed for want of capacity never launched",
        source=MAY_BE_ABSENT,
        described=failed("CapacityError: Unable to provision requested ML compute capacity.", **NEVER_RAN),
        arithmetic="0 s x 1 x 0.23 / 3600 = 0",
        usd="0",
        seconds=0,
    ),
    Case(
        name="a spot job that waited in vain never launched",
        source=SECONDARY_STATUS,
        described=stopped("MaxWaitTimeExceeded", **NEVER_RAN, EnableManagedSpotTraining=True),
        arithmetic="0 s x 1 x 0.23 / 3600 = 0",
        usd="0",
        seconds=0,
    ),
    Case(
        name="a job that failed without billed seconds: its start and end, for now",
        source=BILLED_INTERVAL,
        described=failed(
            "InternalServerError: We encountered an internal error.",
            **ran("2026-11-20T10:00:00Z", "2026-11-20T10:30:00Z", 1800) | {"BillableTimeInSeconds": None},
            ResourceConfig=on(count=2),
        ),
        pricing=PricingStatus.PROVISIONAL,
        arithmetic="1800 s x 2 x 0.23 / 3600 = 0.23",
        usd="0.23",
        seconds=1800,
    ),
    Case(
        name="a completed job that tells no time was read too early, which is not free",
        source=MAY_BE_ABSENT,
        described=training(**NEVER_RAN),
        pricing=PricingStatus.UNPRICED,
        arithmetic="no amount: the seconds are not known",
        usd=None,
        seconds=None,
    ),
    Case(
        name="a type that is not in the price list",
        source=LIST_PRICES,
        described=training(ResourceConfig=on("ml.p5.48xlarge")),
        pricing=PricingStatus.UNPRICED,
        arithmetic="no amount: the rate is not known",
        usd=None,
        seconds=3600,
    ),
    Case(
        name="a processing job that failed before it started",
        source=PROCESSING_TIMES,
        kind=ResourceKind.PROCESSING,
        described=processing(
            ProcessingJobStatus="Failed",
            FailureReason="ClientError: Cannot find S3 object",
            ProcessingStartTime=None,
        ),
        arithmetic="0 s x 1 x 0.23 / 3600 = 0",
        usd="0",
        seconds=0,
    ),
    Case(
        name="a processing job without an end",
        source=PROCESSING_TIMES,
        kind=ResourceKind.PROCESSING,
        described=processing(ProcessingJobStatus="Stopped", ProcessingEndTime=None),
        pricing=PricingStatus.UNPRICED,
        arithmetic="no amount: the seconds are not known",
        usd=None,
        seconds=None,
    ),
)

PROCESSING_AND_TRANSFORM = (
    Case(
        name="a processing job on two instances",
        source=PROCESSING_TIMES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(count=2), ProcessingEndTime="2026-11-20T10:30:00Z"),
        arithmetic="1800 s x 2 x 0.23 / 3600 = 0.23",
        usd="0.23",
        seconds=1800,
    ),
    Case(
        name="a processing job's volume has a lower rate",
        source=VOLUME_RATES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(VolumeSizeInGB=100)),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 100 GB x 1 x 0.10 x 3600 s / (30 x 86400) s = 0.2438888889",
        usd="0.2438888889",
        compute_usd="0.23",
        storage_usd="0.0138888889",
        seconds=3600,
    ),
    Case(
        name="a processing job elsewhere: the hour from Hosting, the volume at its own rate",
        source=VOLUME_RATES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(VolumeSizeInGB=100)),
        book=IRELAND,
        region="eu-west-1",
        arithmetic="3600 s x 1 x 0.257 / 3600 + 100 GB x 1 x 0.110 x 3600 s / (30 x 86400) s = 0.2722777778",
        usd="0.2722777778",
        compute_usd="0.257",
        storage_usd="0.0152777778",
        seconds=3600,
    ),
    Case(
        name="a transform job on two instances",
        source=TRANSFORM_INTERVAL,
        kind=ResourceKind.TRANSFORM,
        described=transform(TransformResources=on(count=2), TransformEndTime="2026-11-20T10:45:00Z"),
        arithmetic="2700 s x 2 x 0.23 / 3600 = 0.345",
        usd="0.345",
        seconds=2700,
    ),
    Case(
        name="a transform job that failed is billed until then",
        source=TRANSFORM_INTERVAL,
        kind=ResourceKind.TRANSFORM,
        described=transform(
            TransformJobStatus="Failed",
            FailureReason="AlgorithmError: See job logs",
            TransformEndTime="2026-11-20T10:10:00Z",
        ),
        arithmetic="600 s x 1 x 0.23 / 3600 = 0.0383333333",
        usd="0.0383333333",
        seconds=600,
    ),
    Case(
        name="a transform job on a type listed under Hosting alone",
        source=LIST_PRICES,
        kind=ResourceKind.TRANSFORM,
        described=transform(TransformResources=on("ml.m5.large")),
        arithmetic="3600 s x 1 x 0.115 / 3600 = 0.115",
        usd="0.115",
        seconds=3600,
        prices="ml.m5.large $0.115/h (Hosting as an estimate, us-east-1, AWS Price List of 2026-09-24)",
    ),
)

BEFORE_THE_CHANGE = Case(
    name="the price before a change",
    source=EFFECTIVE_DATES,
    described=training(ResourceConfig=on(count=2)),
    arithmetic="3600 s x 2 x 0.23 / 3600 = 0.46",
    usd="0.46",
    seconds=3600,
    prices="ml.m5.xlarge $0.23/h (Training, us-east-1, AWS Price List of 2026-09-24)",
)
AFTER_THE_CHANGE = replace(
    BEFORE_THE_CHANGE,
    name="the price after a change",
    book=N_VIRGINIA_LATER,
    arithmetic="3600 s x 2 x 0.207 / 3600 = 0.414",
    usd="0.414",
    prices="ml.m5.xlarge $0.207/h (Training, us-east-1, AWS Price List of 2026-11-21)",
)
RATES = (
    Case(
        name="a discount of 12.5 %, beside the list cost",
        source=LIST_PRICES,
        described=training(ResourceConfig=on(count=2)),
        discount=Decimal("12.5"),
        arithmetic="3600 s x 2 x 0.23 / 3600 x 0.875 = 0.4025",
        usd="0.4025",
        list_usd="0.46",
        compute_usd="0.46",
        seconds=3600,
    ),
    Case(
        name="a discount of 100 %, beside the list cost",
        source=LIST_PRICES,
        described=training(ResourceConfig=on(count=2)),
        discount=Decimal(100),
        arithmetic="3600 s x 2 x 0.23 / 3600 x 0 = 0",
        usd="0",
        list_usd="0.46",
        seconds=3600,
    ),
    BEFORE_THE_CHANGE,
    AFTER_THE_CHANGE,
)

CASES = (
    *INSTANCES_AND_SECONDS,
    *VOLUMES,
    *CALENDAR,
    *WARM_POOLS,
    *PAID_OTHERWISE,
    *NOT_ALL_IS_TOLD,
    *PROCESSING_AND_TRANSFORM,
    *RATES,
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_job_is_recorded_as_it_was_worked_out(case: Case) -> None:
    """The row says what the case says, to ten decimals."""
    row = row_of(case)

    assert {name: getattr(row, name) for name in case.expected} == case.expected


def test_a_price_change_leaves_the_earlier_job_at_the_earlier_price() -> None:
    """The same job costs what the list said at its time, and each row names its list's date."""
    before, after = row_of(BEFORE_THE_CHANGE), row_of(AFTER_THE_CHANGE)

    assert (before.cost_usd, after.cost_usd) == (Decimal("0.46"), Decimal("0.414"))
    assert before.prices is not None
    assert after.prices is not None
    assert "of 2026-09-24" in before.prices
    assert "of 2026-11-21" in after.prices


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(1795168800000, 1795172400000, id="epoch milliseconds"),
        pytest.param("1795168800000", "1795172400000", id="epoch milliseconds as text"),
        pytest.param(1795168800.0, 1795172400.0, id="epoch seconds"),
        pytest.param("2026-11-20T11:00:00+01:00", "2026-11-20T12:00:00+01:00", id="ISO 8601 in another zone"),
        pytest.param(
            datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC), id="as boto3 has them"
        ),
    ],
)
def test_the_spelling_of_times_changes_nothing(start: object, end: object) -> None:
    """Epoch and ISO times of one job lead to one row: start and end are all the cost there is of a processing job."""
    case = Case(
        name="a processing job",
        source=PROCESSING_TIMES,
        kind=ResourceKind.PROCESSING,
        described=processing(on(VolumeSizeInGB=100)),
        arithmetic="3600 s x 1 x 0.23 / 3600 + 100 GB x 1 x 0.10 x 3600 s / (30 x 86400) s = 0.2438888889",
        usd="0.2438888889",
        seconds=3600,
    )
    spelled = replace(case, described={**case.described, "ProcessingStartTime": start, "ProcessingEndTime": end})

    assert row_of(spelled) == row_of(case)
    assert row_of(spelled).cost_usd == Decimal("0.2438888889")


def test_the_table_covers_what_can_happen() -> None:
    """Every state of ``pricing``, every kind, two regions, a discount and two dates of prices, in 25 cases or more."""
    assert len(CASES) >= 25
    assert {case.pricing for case in CASES} == set(PricingStatus)
    assert {case.kind for case in CASES} == set(JOB_KINDS)
    assert len({case.region for case in CASES if case.usd}) >= 2
    assert any(0 < case.discount < 100 for case in CASES)
    assert len({case.ended_on[:7] for case in CASES}) >= 4


def test_every_case_has_a_name_of_its_own() -> None:
    """A failure names one case."""
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_case_has_a_source_and_its_arithmetic(case: Case) -> None:
    """A reader can look it up and work it out again, and arrives at the amount the case expects."""
    assert "https://" in case.source
    result = case.arithmetic.partition(";")[0].rpartition(" = ")[2]
    assert result == case.usd if case.usd else case.arithmetic.startswith("no amount: ")
