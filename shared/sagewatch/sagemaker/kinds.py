"""The kinds of SageMaker resource, and one table of everything that is known about a kind.

To add a kind, add its member and its row. Calls, permissions, links, names and price components follow from the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ResourceKind(StrEnum):
    """The kinds of SageMaker job that SageWatch watches, and of resources that bill until a person ends them."""

    TRAINING = "training"
    PROCESSING = "processing"
    TRANSFORM = "transform"
    TUNING = "tuning"
    AUTOML = "automl"
    NOTEBOOK = "notebook"
    ENDPOINT = "endpoint"
    STUDIO_APP = "studio-app"
    CANVAS = "canvas"
    SPACE = "space"
    MLFLOW_SERVER = "mlflow-server"
    CLUSTER = "cluster"
    WARM_POOL = "warm-pool"
    TRAINING_PLAN = "training-plan"
    FEATURE_GROUP = "feature-group"
    MONITORING_SCHEDULE = "monitoring-schedule"
    DOMAIN_FILES = "domain-files"
    PARTNER_APP = "partner-app"

    @property
    def is_rollup(self) -> bool:
        """Whether a job of this kind runs nothing itself: its children cost the money."""
        return KIND_FACTS[self].is_rollup


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """A kind's component in the price list, and the token in the usage types of its prices.

    ``separator`` precedes the instance type there, and ``volume`` is the type of its volumes.
    """

    name: str
    token: str
    separator: str = ":"
    volume: str = "gp2"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """One kind: its names in the API, on EventBridge, in ARNs, prices, the console, the logs, FOCUS and messages.

    ``None`` where it does not appear there.
    """

    label: str  # in messages
    focus_type: str  # FOCUS's ResourceType
    api_name: str  # "TrainingJob" of DescribeTrainingJob, TrainingJobName and TrainingJobSummaries
    describe_version: str = ""  # "V2" of DescribeAutoMLJobV2
    arn_type: str
    detail_type: str | None = None  # of the event that reports its state
    component: PriceComponent | None = None
    console_path: str | None = None
    log_group: str | None = None
    is_job: bool = True  # it ends by itself: jobs are listed, described and recorded
    is_rollup: bool = False  # it runs nothing itself
    hosts_are_numbered: bool = False  # algo-1 to algo-N, not instance IDs
    event_is_complete: bool = False  # the event of its end has all that its row needs
    has_billed_seconds: bool = False  # Describe reports them once the job has ended

    @property
    def describe_operation(self) -> str:
        """The API operation that describes one."""
        return f"Describe{self.api_name}{self.describe_version}"

    @property
    def list_operation(self) -> str:
        """The API operation that lists them."""
        return f"List{self.api_name}s"

    @property
    def summaries_field(self) -> str:
        """The field of a List answer that holds the resources."""
        return f"{self.api_name}Summaries"

    @property
    def stop_operation(self) -> str:
        """The API operation that stops one."""
        return f"Stop{self.api_name}"

    @property
    def arn_field(self) -> str:
        """The field with the ARN of one, in answers."""
        return f"{self.api_name}Arn"

    @property
    def name_field(self) -> str:
        """The field that names one, in requests and answers."""
        return f"{self.api_name}Name"


# Detail types: the EventBridge events reference. Console paths and log groups: the SageMaker developer guide.
# Tuning and AutoML jobs have no instances of their own, so they have no price list component. AutoML jobs have no
# page outside Studio and no log group; their children have both.
KIND_FACTS: Mapping[ResourceKind, KindFacts] = {
    ResourceKind.TRAINING: KindFacts(
        label="Training job",
        focus_type="Training Job",
        api_name="TrainingJob",
        arn_type="training-job",
        detail_type="SageMaker Training Job State Change",
        component=PriceComponent("Training", "Train"),
        console_path="jobs",
        log_group="/aws/sagemaker/TrainingJobs",
        hosts_are_numbered=True,
        has_billed_seconds=True,
    ),
    ResourceKind.PROCESSING: KindFacts(
        label="Processing job",
        focus_type="Processing Job",
        api_name="ProcessingJob",
        arn_type="processing-job",
        detail_type="SageMaker Processing Job State Change",
        component=PriceComponent("Processing", "Processing"),
        console_path="processing-jobs",
        log_group="/aws/sagemaker/ProcessingJobs",
        hosts_are_numbered=True,
    ),
    ResourceKind.TRANSFORM: KindFacts(
        label="Transform job",
        focus_type="Transform Job",
        api_name="TransformJob",
        arn_type="transform-job",
        detail_type="SageMaker Transform Job State Change",
        component=PriceComponent("BatchTransform", "Tsform"),
        console_path="transform-jobs",
        log_group="/aws/sagemaker/TransformJobs",
    ),
    ResourceKind.TUNING: KindFacts(
        label="Tuning job",
        focus_type="Hyperparameter Tuning Job",
        api_name="HyperParameterTuningJob",
        arn_type="hyper-parameter-tuning-job",
        detail_type="SageMaker HyperParameter Tuning Job State Change",
        console_path="hyper-tuning-jobs",
        log_group="/aws/sagemaker/TrainingJobs",
        is_rollup=True,
        event_is_complete=True,
    ),
    ResourceKind.AUTOML: KindFacts(
        label="AutoML job",
        focus_type="AutoML Job",
        api_name="AutoMLJob",
        describe_version="V2",  # it describes V1 jobs too
        arn_type="automl-job",
        is_rollup=True,
    ),
    # No detail type: ``notebook_models`` reads its events, which are none of a job.
    ResourceKind.NOTEBOOK: KindFacts(
        label="Notebook instance",
        focus_type="Notebook Instance",
        api_name="NotebookInstance",
        arn_type="notebook-instance",
        component=PriceComponent("Notebook", "Notebk"),
        console_path="notebook-instances",
        log_group="/aws/sagemaker/NotebookInstances",
        is_job=False,
    ),
    ResourceKind.ENDPOINT: KindFacts(
        label="Endpoint",
        focus_type="Endpoint",
        api_name="Endpoint",
        arn_type="endpoint",
        component=PriceComponent("Hosting", "Host"),
        console_path="endpoints",
        log_group="/aws/sagemaker/Endpoints",
        is_job=False,
    ),
    ResourceKind.STUDIO_APP: KindFacts(
        label="Studio app",
        focus_type="Studio App",
        api_name="App",
        arn_type="app",
        component=PriceComponent("Studio-JupyterLab", "Studio:JupyterLab", separator="-"),
        is_job=False,
    ),
    ResourceKind.CANVAS: KindFacts(
        label="Canvas session",
        focus_type="Canvas Session",
        api_name="App",
        arn_type="canvas",  # its ARN is an app's
        component=PriceComponent("Canvas", "Canvas"),
        is_job=False,
    ),
    ResourceKind.SPACE: KindFacts(
        label="Studio space",
        focus_type="Studio Space",
        api_name="Space",
        arn_type="space",
        component=PriceComponent("Studio", "Studio", volume="gp3"),
        is_job=False,
    ),
    ResourceKind.MLFLOW_SERVER: KindFacts(
        label="MLflow tracking server",
        focus_type="MLflow Tracking Server",
        api_name="MlflowTrackingServer",
        arn_type="mlflow-tracking-server",
        component=PriceComponent("MLflow", "MLflow"),
        is_job=False,
    ),
    ResourceKind.CLUSTER: KindFacts(
        label="HyperPod cluster",
        focus_type="HyperPod Cluster",
        api_name="Cluster",
        arn_type="cluster",
        component=PriceComponent("Cluster", "Cluster"),
        is_job=False,
    ),
    # A warm pool's cost is in its training job's row, and a schedule's in those of its processing jobs. A training plan
    # was paid before.
    ResourceKind.WARM_POOL: KindFacts(
        label="Warm pool", focus_type="Warm Pool", api_name="TrainingJob", arn_type="warm-pool", is_job=False
    ),
    ResourceKind.TRAINING_PLAN: KindFacts(
        label="Training plan",
        focus_type="Training Plan",
        api_name="TrainingPlan",
        arn_type="training-plan",
        is_job=False,
    ),
    ResourceKind.FEATURE_GROUP: KindFacts(
        label="Feature group",
        focus_type="Feature Group",
        api_name="FeatureGroup",
        arn_type="feature-group",
        component=PriceComponent("FeatureStore", "FeatureStore"),
        is_job=False,
    ),
    ResourceKind.MONITORING_SCHEDULE: KindFacts(
        label="Monitoring schedule",
        focus_type="Monitoring Schedule",
        api_name="MonitoringSchedule",
        arn_type="monitoring-schedule",
        is_job=False,
    ),
    # Amazon EFS bills it, under its own name: there is no row.
    ResourceKind.DOMAIN_FILES: KindFacts(
        label="Studio domain's files",
        focus_type="Studio Domain Files",
        api_name="Domain",
        arn_type="domain",
        is_job=False,
    ),
    ResourceKind.PARTNER_APP: KindFacts(
        label="Partner AI app",
        focus_type="Partner AI App",
        api_name="PartnerApp",
        arn_type="partner-app",
        is_job=False,
    ),
}

JOB_KINDS = tuple(kind for kind, facts in KIND_FACTS.items() if facts.is_job)
_ROLLUP_TYPES = frozenset(facts.arn_type for facts in KIND_FACTS.values() if facts.is_rollup)


def rolls_up(arn: str) -> bool:
    """Whether the ARN is that of a job whose cost is that of its children."""
    return arn.rpartition(":")[2].partition("/")[0] in _ROLLUP_TYPES
