"""Failure classes, and one rule for each kind of failure: its pattern, its meaning, and the next step.

The first rule that matches wins, so what is specific comes before what is general. A general rule only
says where a failure happened; what a log says may then be more specific. Each rule's example is tested to select that rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.kinds import ResourceKind


class FailureClass(StrEnum):
    """The classes of failure. ``LIMIT_EXCEEDED`` is the job's own time limit, ``ACCOUNT_QUOTA`` the account's."""

    OUT_OF_MEMORY = "out-of-memory"
    CAPACITY = "capacity"
    ACCOUNT_QUOTA = "account-quota"
    USER_CODE = "user-code"
    DATA_OR_PERMISSIONS = "data-or-permissions"
    INTERNAL = "internal"
    LIMIT_EXCEEDED = "limit-exceeded"
    SPOT_INTERRUPTED = "spot-interrupted"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The name in messages."""
        return _LABELS[self]


_LABELS = {
    FailureClass.OUT_OF_MEMORY: "Out of memory",
    FailureClass.CAPACITY: "No capacity at AWS",
    FailureClass.ACCOUNT_QUOTA: "The account's quota",
    FailureClass.USER_CODE: "Error in the job's code",
    FailureClass.DATA_OR_PERMISSIONS: "Data or permissions",
    FailureClass.INTERNAL: "AWS internal error",
    FailureClass.LIMIT_EXCEEDED: "Time limit",
    FailureClass.SPOT_INTERRUPTED: "Spot interrupted",
    FailureClass.UNKNOWN: "Unclassified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of failure: what it matches (all that is given), its class, what happened, and what to do."""

    name: str
    failure_class: FailureClass
    title: str
    step: str
    example: str
    seen: str
    text: str | None = None
    codes: frozenset[int] = frozenset()
    secondary: str | None = None
    kinds: frozenset[ResourceKind] = frozenset()
    started: bool | None = None
    general: bool = False


_DOCS = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
_SDK = "https://github.com/aws/sagemaker-python-sdk/issues/"
_EXAMPLES = "https://github.com/aws/amazon-sagemaker-examples/issues/"
_OOM, _DATA, _CODE = FailureClass.OUT_OF_MEMORY, FailureClass.DATA_OR_PERMISSIONS, FailureClass.USER_CODE
_CAPACITY, _AWS, _LIMIT = FailureClass.CAPACITY, FailureClass.INTERNAL, FailureClass.LIMIT_EXCEEDED


def _rule(  # noqa: PLR0913, PLR0917 - the columns of the table
    name: str, failure_class: FailureClass, text: str, title: str, step: str, example: str, seen: str, **more: object
) -> Rule:
    return Rule(
        name=name,
        failure_class=failure_class,
        text=text or None,
        title=title,
        step=step,
        example=example,
        seen=seen,
        **more,  # type: ignore[arg-type]
    )


RULES: Sequence[Rule] = (
    _rule("spot-never-started", _CAPACITY, "", "No spot capacity within the waiting time",
          "Raise `max_wait`, take another `instance_type`, or set `use_spot_instances=False`.",
          "", f"{_DOCS}model-managed-spot-training.html", secondary="MaxWaitTimeExceeded", started=False),
    _rule("spot-wait", _LIMIT, "", "Interrupted too often for its waiting time",
          "Raise `max_wait`, set `checkpoint_s3_uri`, or set `use_spot_instances=False`.",
          "", f"{_DOCS}model-managed-spot-training.html", secondary="MaxWaitTimeExceeded"),
    _rule("time-limit", _LIMIT, "", "Time limit",
          "Raise `max_run`, or set `checkpoint_s3_uri` so that the next run continues where this one stopped.",
          "", f"{_API}StoppingCondition.html", secondary="MaxRuntimeExceeded"),
    _rule("quota", FailureClass.ACCOUNT_QUOTA, r"ResourceLimitExceeded|account-level service (?:limit|quota)|service quota|QuotaExceeded",
          "The account's quota", "Request a higher quota in Service Quotas, or wait until other jobs of that `instance_type` have ended.",
          "ResourceLimitExceeded: The account-level service limit 'ml.p3.2xlarge for training job usage' is 0 Instances", f"{_EXAMPLES}1543"),
    _rule("capacity", _CAPACITY, r"CapacityError|insufficient\w* ?(?:instance)? ?capacity|unable to provision requested ML compute",
          "No capacity at AWS", "Start it again later, or with another `instance_type`, or in another Availability Zone.",
          "CapacityError: Unable to provision requested ML compute capacity.", "https://github.com/DIAGNijmegen/rse-grand-challenge/issues/2631"),
    _rule("tuner-children", _CODE, r"No training job succeeded|all training jobs failed|reached the (?:maximum )?number of failed training jobs",
          "The tuner's training jobs failed", "Open the first of its failed training jobs: a tuner has no log of its own.",
          "No training job succeeded after 5 attempts. Please take a look at the training job failures", f"{_EXAMPLES}2437"),
    _rule("tuner-definition", _DATA, r"Failed to invoke sagemaker:Create|TrainingJobDefinition are allowed to change|objective metric .{0,80}(?:not|no )|Unable to find .{0,40}metric|metric is required|Tuning Job Configuration",
          "The tuning job's definition", "Correct the tuning job's definition (`TrainingJobDefinition`) and start it again.",
          "ClientError: Failed to invoke sagemaker:CreateHyperParameterTuningJob. Only the following fields", f"{_SDK}3693"),
    _rule("gated-model", _DATA, r"GatedRepo|gated repo|huggingface\.co.{0,200}(?:401|403|Forbidden|Unauthorized)|(?:401|403|Forbidden|Unauthorized)[^\n]{0,120}(?:\n[^\n]{0,80})?huggingface\.co|awaiting a review from the repo",
          "Hugging Face refused the model", "Accept the model's licence on huggingface.co, and pass a token that may read it as `HF_TOKEN`.",
          "GatedRepoError: 403 Client Error. Forbidden for url: https://huggingface.co/x", "https://github.com/huggingface/autotrain-advanced/issues/365"),
    _rule("image", _DATA, r"[Cc]annot pull (?:algorithm )?container|image .{0,120}(?:does not exist|not found|cannot be pulled)|ECR image|CannotPullContainer|manifest unknown|exec format error|no match(?:ing)? (?:for platform|manifest)",
          "The image cannot be pulled", "Check that `image_uri` exists in this region, and that the job's role may pull it from ECR.",
          "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect.", f"{_SDK}57"),
    _rule("entry-point", _CODE, r"exec: \\?\"?[\w./-]+\\?\"?: (?:executable file|permission denied|no such file|stat)|exec \w+ failed|executable file not found|can't open file|No file named|entry[ _]point.{0,60}(?:not|missing)|does not provide a train|ContainerEntrypoint.{0,80}(?:not|invalid)",
          "The container's entry point cannot run", "Check `entry_point` and `source_dir`, and that the image has an executable `train`.",
          'exec: "train": executable file not found in $PATH: unknown', f"{_EXAMPLES}3650"),
    _rule("disk", _DATA, r"[Ii]nsufficient disk space|No space left on device|Errno 28|Disk quota exceeded|disk (?:is )?full|DiskFull|ENOSPC|exceeds the volume size",
          "The disk is full", "Raise `volume_size`, or write less to `/opt/ml`.",
          "ClientError: Data download failed:Insufficient disk space", f"{_SDK}128"),
    _rule("payload", _DATA, r"Request Entity Too Large|payload .{0,40}too large|status received from algorithm: 413",
          "A record is too large for the model", "Raise `max_payload`, or set `split_type='Line'`.",
          "acme/in/big.csv: Request Entity Too Large", f"{_EXAMPLES}1620"),
    _rule("model-server", _CODE, r"Bad HTTP status received from algorithm: 5\d\d|: ClientError: 4(?!13)\d\d|Unable to get response from algorithm|upstream prematurely closed|WORKER TIMEOUT|Load model failed|localhost.{0,300}(?:Connection refused|NewConnectionError)|\bModelError\b|InvokeEndpoint operation",
          "The model did not answer", "Send the first record of the input to the model by hand: its own error is in the container's log.",
          "acme/in/part-1.csv: Unable to get response from algorithm", f"{_SDK}962"),
    _rule("network", _DATA, r"route to an S3|route table has a route|VPC endpoint or|[Cc]ould not connect to the endpoint|EndpointConnectionError|ConnectTimeout|Network is unreachable|No route to host|Name or service not known|Temporary failure in name resolution|NewConnectionError|NameResolutionError|Failed to resolve|ListObjectsV2 failed|couldn.t connect to .https?://|cannot find the requested files in the (?:local|disk) cache|Connection to [\w.-]+ timed out",
          "No route to the network", "Give `subnets` a route through a NAT or an S3 VPC endpoint, and let `security_group_ids` send to it.",
          "Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device", "https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/22"),
    _rule("shared-memory", _OOM, r"[Bb]us error|SIGBUS|out of shared memory|shared memory limit|/dev/shm",
          "Out of shared memory", "Lower the data loader's `num_workers`, or take an `instance_type` with more memory.",
          "DataLoader worker (pid 256) is killed by signal: Bus error.", f"{_SDK}5592"),
    _rule("hardware", _AWS, r"uncorrectable ECC|ECC error|\bXid\b|NVLink|fallen off the bus|CUDA_ERROR_ECC|hardware (?:error|failure)|unspecified launch failure.{0,40}Xid|GPU is lost|EFA.{0,40}(?:hardware|unhealthy)|NeuronCore.{0,60}(?:hang|hardware)|system health check",
          "A hardware error at AWS", "Start it again, so that it gets another machine; report it to AWS Support if it fails again.",
          "RuntimeError: CUDA error: uncorrectable ECC error encountered", "https://github.com/DIAGNijmegen/rse-grand-challenge/issues/2836"),
    _rule("gpu-memory", _OOM, r"CUDA out of memory|OutOfMemoryError: CUDA|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation|RESOURCE_EXHAUSTED|OOM when allocating",
          "Out of GPU memory", "Lower the batch size (`per_device_train_batch_size`), or take an `instance_type` with more GPU memory.",
          "torch.cuda.OutOfMemoryError: CUDA out of memory", "https://github.com/ShuaiLYU/REB/issues/9"),
    _rule("spark-memory", _OOM, r"killed by YARN|java\.lang\.OutOfMemoryError|Java heap space|GC overhead limit|exceeding (?:physical )?memory limits",
          "Out of memory in Spark", "Raise `spark.executor.memoryOverhead`, or take an `instance_type` with more memory.",
          "Container killed by YARN for exceeding memory limits.", "https://github.com/yahoo/TensorFlowOnSpark/issues/134"),
    _rule("memory", _OOM, r"out[ -]?of[ -]?memory|\bOOM\b|MemoryError|bad_alloc|[Cc]annot allocate memory|Unable to allocate|type with more memory|use a larger instance|OOM-?Killed|\bSIGKILL\b|exit ?code\s*:?\s*-9\b|return code = -9\b|Exit ?Code -9\b|^\s*Killed\s*$|\d Killed\b|Kill(?:ed)? process|signal: [Kk]illed|\bsignal 9\b|exceed\w* .{0,40}memory|out-of-memory killer|Allocation Failure",
          "Out of memory", "Take an `instance_type` with more memory, or use smaller batches or fewer data loaders.",
          "died with <Signals.SIGKILL: 9>", f"{_SDK}3233"),
    _rule("memory-code", _OOM, "", "Out of memory",
          "Take an `instance_type` with more memory, or use smaller batches or fewer data loaders.",
          "AlgorithmError: , exit code: 137", f"{_EXAMPLES}134", codes=frozenset({137, 247, -9})),
    _rule("illegal-instruction", _CODE, r"[Ii]llegal instruction|SIGILL", "Illegal instruction: built for another processor",
          "Build the image's packages for this `instance_type`'s processor, or take a newer `instance_type`.",
          "Illegal instruction (core dumped)", f"{_EXAMPLES}842"),
    _rule("illegal-instruction-code", _CODE, "", "Illegal instruction: built for another processor",
          "Build the image's packages for this `instance_type`'s processor, or take a newer `instance_type`.",
          "AlgorithmError: Exit Code: 132", f"{_EXAMPLES}842", codes=frozenset({132, -4})),
    _rule("hyperparameters", _CODE, r"required hyperparameter|under any of the given schemas|Failed validating|Additional properties are not allowed|hyperparameter .{0,80}(?:invalid|out of|not (?:valid|supported))|mini_batch_size",
          "The algorithm's hyperparameters", "Correct `hyperparameters`: the algorithm's page in the developer guide lists names and ranges.",
          "ClientError: No value(s) were specified for 'mini_batch_size' which are required hyperparameter(s)", f"{_SDK}132"),
    _rule("data-format", _DATA, r"[Uu]nable to parse csv|Error when parsing|Failed to load (?:csv|libsvm|parquet|recordio)|libsvm format|Blankspace and colon|ContentType|content type|UnicodeDecodeError|ParserError|Error tokenizing data|JSONDecodeError|could not convert string to float|ArrowInvalid|not in RecordIO|record ?IO format|Record ?IO header|Unable to parse record|lst file|(?:label|annotation)s? (?:packed|values are)|dataset has \d+ rows|rows are required|invalid header|Non-numeric value|BadRecord|Unsupported ?[Mm]edia",
          "The data's format", "Compare the input's format with what the script or `content_type` of the channel expects.",
          "ClientError: Unable to parse csv: rows 1-1000, file /opt/ml/input/data/train/part-00000", f"{_EXAMPLES}1017"),
    _rule("no-data", _DATA, r"NoSuchKey|NoSuchBucket|no S3 objects|No such (?:key|bucket)|S3 key: .{0,200}(?:does not|not) exist|Data download failed: ?NoSuch|bucket does not exist|Channel .{0,60}(?:empty|missing)|Empty .{0,40}channel|No such file or directory: ./opt/ml/(?:input/data|processing/input)",
          "The data is not there", "Check that the S3 URI of each channel (`inputs`) exists in this account and region.",
          "ClientError: Data download failed: NoSuchKey", f"{_EXAMPLES}2269"),
    _rule("access", _DATA, r"access ?denied|not authorized|\bforbidden\b|(?:cannot|unable to|could not) assume|kms:|UnauthorizedOperation|\b403\b.{0,40}(?:S3|HeadObject|GetObject)|NoCredentials|Unable to locate credentials|ExpiredToken",
          "Access denied", "Give the job's role (`role`) the permission that the error names, on the S3 path and its KMS key.",
          "ClientError: Access denied when reading the channel", f"{_EXAMPLES}4384"),
    _rule("spot", FailureClass.SPOT_INTERRUPTED, r"spot\b.*\b(?:interrupt|reclaim)", "Spot interrupted",
          "Start it again; set `checkpoint_s3_uri` so that it continues where it was.",
          "Spot capacity was reclaimed: the job was interrupted by Spot interruption", f"{_DOCS}model-managed-spot-training.html"),
    _rule("internal", _AWS, r"^Internal(?:Server)?Error|We encountered an internal error", "AWS internal error",
          "Start it again; if that fails too, open a case with AWS Support and name the job's ARN.",
          "InternalServerError: We encountered an internal error. Please try again.", f"{_SDK}2496"),
    _rule("peer", _CODE, r"remote process exited|Connection closed by remote peer|Connection reset by peer|Watchdog caught collective|NCCL.{0,60}timeout|HorovodInternalError",
          "A host lost its peer", "Open the log of the host that ended first; the other hosts only lost their peer.",
          "NCCL error: remote process exited or there was a network error.", "https://github.com/NVIDIA/nccl/issues/1514"),
    _rule("no-gpu", _CODE, r"libcuda\.so|No CUDA GPUs are available|Found no NVIDIA driver|CUDA driver version is insufficient|no CUDA-capable device",
          "There is no GPU", "Take an `instance_type` with a GPU, or an image that is built for CPU.",
          "ImportError: libcuda.so.1: cannot open shared object file: No such file or directory", "https://github.com/aws/sagemaker-rl-container/issues/61"),
    _rule("binary-mismatch", _CODE, r"version `?GLIBC|GLIBCXX_|binary incompatibility|undefined symbol|no kernel image is available|compiled (?:using|with) NumPy|numpy\.core\.multiarray failed",
          "Native packages do not fit each other", "Pin versions that were built for each other in `requirements.txt`, or take the image that has them.",
          "ValueError: numpy.dtype size changed, may indicate binary incompatibility.", "https://github.com/seung-lab/igneous/issues/203"),
    _rule("line-endings", _CODE, r"/env: .{0,2}[\w.]+\\?r.{0,2}: No such file|bad interpreter|\$'\\r': command not found",
          "A script has Windows line ends", "Save the image's executables with Unix line ends (LF), and build the image again.",
          "/usr/bin/env: 'python\\r': No such file or directory", f"{_EXAMPLES}571"),
    _rule("missing-module", _CODE, r"ModuleNotFoundError|No module named|ImportError|there is no package called|cannot open shared object|No matching distribution|Install(?:Requirements|Module)Error|pip\._internal|ClassNotFoundException|NoClassDefFoundError|Cannot find module|not found in current path",
          "A package is missing", "Add the package to `requirements.txt` in `source_dir`, or to the image.",
          "ModuleNotFoundError: No module named 'xformers'", "https://github.com/aws/sagemaker-pytorch-training-toolkit/issues/189"),
    _rule("arguments", _CODE, r"unrecognized arguments|the following arguments are required|invalid (?:int|float|\w+) value|invalid choice|No such option",
          "The script's arguments", "Correct `hyperparameters` (or `arguments`), so that the script's parser accepts them.",
          "train.py: error: unrecognized arguments: --lr2", "https://github.com/kohya-ss/sd-scripts/issues/1123"),
    _rule("checkpoint-shape", _CODE, r"size mismatch for|loading state_dict|Missing key\(s\) in state_dict",
          "The checkpoint does not fit the model", "Use a checkpoint of this model's version, or the model's version of that checkpoint.",
          "RuntimeError: Error(s) in loading state_dict for JointEmbeder", "https://github.com/guxd/deep-code-search/issues/77"),
    _rule("segfault", _CODE, r"[Ss]egmentation fault|SIGSEGV|exit ?code\s*: -11|return code = -11", "Segmentation fault",
          "Check that native packages of the image fit each other, such as CUDA and torch.",
          "Segmentation fault (core dumped)", "https://github.com/NVIDIA/Megatron-LM/issues/1880"),
    _rule("segfault-code", _CODE, "", "Segmentation fault", "Check that native packages of the image fit each other, such as CUDA and torch.",
          "AlgorithmError: , exit code: 139", f"{_SDK}134", codes=frozenset({139, -11})),
    _rule("ping", _CODE, r"failed to respond to ping|did not (?:pass|respond to) (?:the )?ping", "The model did not answer its health check",
          "Make the container answer `/ping` with 200, and raise `model_client_config`'s time-out if it loads slowly.",
          "The primary container failed to respond to ping.", f"{_EXAMPLES}815"),
    _rule("request", _DATA, r"^ClientError(?!.{0,200}exited with)", "Data or permissions",
          "Check that the S3 paths exist, and that the job's role may read them and use their KMS key.",
          "ClientError: Something else about the request", "https://github.com/aws/deep-learning-containers/issues/586", general=True),
    _rule("script", _CODE, r"^AlgorithmError|Traceback|ExecuteUserScriptError|exit(?:ed with)?[ _-]?(?:code|status)", "Error in the job's code",
          "Look at the log's last error, and try the fix on a small sample before the whole run.",
          "AlgorithmError: Framework Error, exit code: 1", f"{_SDK}1442", general=True),
    _rule("interrupted", FailureClass.SPOT_INTERRUPTED, "", "Spot interrupted", "Start it again; set `checkpoint_s3_uri` so that it continues where it was.",
          "", f"{_API}DescribeTrainingJob.html", secondary="Interrupted", general=True),
)  # fmt: skip

UNKNOWN_RULE = Rule(
    name="unknown",
    failure_class=FailureClass.UNKNOWN,
    title="Unclassified",
    step="Open the job and its log: SageMaker's reason does not say what to do.",
    example="Something new",
    seen="",
    general=True,
)
PATTERNS = {rule.name: lazy_pattern(rule.text, re.IGNORECASE | re.MULTILINE) for rule in RULES if rule.text}
