"""Clients and the clock, created once per execution environment."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, update_wrapper, wraps
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore import __version__ as botocore_version
from botocore.config import Config
from botocore.session import Session, get_session

from sagewatch import __version__
from sagewatch.adapters.dynamodb.response_parser import AttributeValueParsers
from sagewatch.adapters.sqs import SqsInbox
from sagewatch.at_once import AT_ONCE
from sagewatch.once import Once
from sagewatch.runtime.handlers import QueueHandler, Work
from sagewatch.runtime.settings import InboxSettings
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient


# Without a text that is given, botocore composes one character by character, twice for each call: an eighth of its CPU.
_USER_AGENT = f"SageWatch/{__version__} Botocore/{botocore_version}"
# Short tries here, long waits in the queue: a sleeping Lambda is paid for, a waiting message is not.
QUICK = Config(
    connect_timeout=2,
    read_timeout=6,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=2 * AT_ONCE,
    user_agent=_USER_AGENT,
)
# A sweep has no queue to wait in, and time. Its calls are paced below; botocore's adaptive mode would divide one slow
# rate among all threads of a sweep, for minutes.
PATIENT = QUICK.merge(Config(retries={"mode": "standard", "total_max_attempts": 5}))
LONGEST_LOOK = 120_000  # milliseconds: a job's three calls to SageMaker, each tried five times without an answer
# A log is a hint: one try, and a job's row is not kept waiting for more than four seconds by a call without an answer.
HINT = QUICK.merge(Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 1}))
# botocore checks each attribute value by its model, a third of the CPU of a transaction of twelve rows. Ours are
# written by ``serialize``. What mypy does not see of a wrong request, DynamoDB refuses, or botocore fails to send it;
# ``aws_errors.translated`` makes both one error of ours.
_UNCHECKED = Config(parameter_validation=False)
_ONE_AT_A_TIME = Lock()  # botocore's sessions are not safe for threads, and its clients are
BETWEEN_LISTS = 0.55  # seconds: ListTrainingJobs allows two requests a second
BETWEEN_NOTEBOOK_LISTS = 0.2
# Calls a second that a sweep makes in a region at most. AWS publishes FilterLogEvents (5, which cannot be raised) and
# GetMetricData (50; half of it is left for the account's dashboards and exporters). For SageMaker it publishes none but
# that of lists: these are what a sweep needs, and what AWS throttles all the same is tried again. GetResources is
# limited too, and each is for 100 resources.
RATES = {
    "sagemaker": {
        "DescribeNotebookInstance": 50,
        "ListTags": 50,
        "CreatePresignedNotebookInstanceUrl": 50,
        "StopNotebookInstance": 20,
        **{KIND_FACTS[kind].describe_operation: 75 for kind in JOB_KINDS},
    },
    "logs": {"FilterLogEvents": 5},
    "cloudwatch": {"GetMetricData": 25},
    "resourcegroupstaggingapi": {"GetResources": 5},
}


def now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def built_once[T](build: Callable[[], T]) -> Callable[[], T]:
    """Build a function once, and from then on collect garbage: that of events, for what a start made stays."""
    return update_wrapper(Once(build), build)


@cache
def session() -> Session:
    """The session of every client. It is botocore's: boto3's would load resources and transfers, which nothing uses."""
    made = get_session()
    made.register_component("response_parser_factory", AttributeValueParsers())
    return made


def home_region() -> str:
    """The region of clients that are given none: the environment's, or that of the caller's profile, or empty."""
    return session().get_config_variable("region") or ""


def client(service: str, *, region: str | None = None, config: Config = QUICK) -> Any:
    """Make a client, in the function's own region unless another one is given."""
    with _ONE_AT_A_TIME:
        chosen = config.merge(_UNCHECKED) if service == "dynamodb" else config
        return session().create_client(service, region_name=region, config=chosen)


def entry(work: Work, sqs: "SQSClient", inbox: InboxSettings) -> QueueHandler:
    """Return a handler for the messages of a queue."""
    queues = SqsInbox(sqs, url=inbox.queue_url, dead_letter_url=inbox.dead_letter_queue_url)
    return QueueHandler(work, inbox=queues, max_receives=inbox.max_receives)


def _once[Client](make: Callable[[str], Client]) -> Callable[[str], Client]:
    """Make a client once for each region, whichever thread asks first."""
    made: dict[str, Client] = {}
    making = Lock()

    @wraps(make)
    def of_region(region: str) -> Client:
        with making:
            if region not in made:
                made[region] = make(region)
            return made[region]

    return of_region


def paced(service: str, made: Any) -> Any:
    """Let a client of a service wait before each call, so that it stays below the rates."""
    for operation, rate in RATES[service].items():
        pace = Throttle(1 / rate)
        made.meta.events.register(f"before-call.*.{operation}", lambda pace=pace, **_: pace(""))
    return made


@_once
def sagemaker(region: str) -> "SageMakerClient":
    """A region's client for functions that have a queue to wait in."""
    made: SageMakerClient = client("sagemaker", region=region)
    return made


@_once
def patient_sagemaker(region: str) -> "SageMakerClient":
    """A region's client for sweeps."""
    made: SageMakerClient = paced("sagemaker", client("sagemaker", region=region, config=PATIENT))
    return made


@_once
def stopping_sagemaker(region: str) -> "SageMakerClient":
    """A region's client for stops: a stop that is tried for long would come long after the last look at activity."""
    made: SageMakerClient = paced("sagemaker", client("sagemaker", region=region))
    return made


@_once
def autoscaling(region: str) -> Any:
    """A region's client of Application Auto Scaling."""
    return client("application-autoscaling", region=region)


@_once
def logs(region: str) -> "CloudWatchLogsClient":
    """A region's client."""
    made: CloudWatchLogsClient = client("logs", region=region)
    return made


@_once
def patient_logs(region: str) -> "CloudWatchLogsClient":
    """A region's client for sweeps."""
    made: CloudWatchLogsClient = paced("logs", client("logs", region=region, config=PATIENT))
    return made


@_once
def job_logs(region: str) -> "CloudWatchLogsClient":
    """A region's client for the logs of jobs that failed."""
    made: CloudWatchLogsClient = client("logs", region=region, config=HINT)
    return made


@_once
def cloudwatch(region: str) -> "CloudWatchClient":
    """A region's client."""
    made: CloudWatchClient = client("cloudwatch", region=region)
    return made


@_once
def patient_cloudwatch(region: str) -> "CloudWatchClient":
    """A region's client for sweeps."""
    made: CloudWatchClient = paced("cloudwatch", client("cloudwatch", region=region, config=PATIENT))
    return made


@_once
def tagging(region: str) -> Any:
    """A region's client for sweeps. It saves calls, so it gives up at once."""
    return paced("resourcegroupstaggingapi", client("resourcegroupstaggingapi", region=region, config=HINT))


class Throttle:
    """Keeps a minimum time between the beginnings of two calls in one region, whichever threads make them."""

    def __init__(
        self,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._lock = Lock()

    def __call__(self, region: str) -> None:
        """Wait until the next call is allowed."""
        with self._lock:
            now = self._monotonic()
            turn = max(now, self._next.get(region, now))
            self._next[region] = turn + self._seconds
        if turn > now:
            self._sleep(turn - now)
