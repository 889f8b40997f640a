"""Build links to the AWS console, in the form that DataHub, Airflow and Flyte use. CloudWatch encodes its own twice."""

from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import partition_of

_CONSOLES = {
    "aws": "https://{region}.console.aws.amazon.com",
    "aws-cn": "https://{region}.console.amazonaws.cn",
    "aws-us-gov": "https://{region}.console.amazonaws-us-gov.com",
    "aws-eusc": "https://{region}.console.amazonaws-eusc.eu",
}


def console_url(kind: ResourceKind, name: str, region: str) -> str | None:
    """Return the link to the job's page, if its kind has one. A variant's page is that of its endpoint."""
    path, page = KIND_FACTS[kind].console_path, name.partition("/")[0]
    return path and f"{_console(region)}/sagemaker/home?region={region}#/{path}/{page}"


def logs_url(kind: ResourceKind, name: str, region: str) -> str | None:
    """The job's log streams, if its kind has any. The slash behind the name keeps ``job-2`` out of ``job``'s; a tuner
    logs nothing itself, but its training jobs' names begin with its own.
    """
    log_group = KIND_FACTS[kind].log_group
    if log_group is None:
        return None
    group = log_group.replace("/", "$252F")
    prefix = name if kind.is_rollup else f"{name}$252F"
    home = f"{_console(region)}/cloudwatch/home?region={region}"
    return f"{home}#logsV2:log-groups/log-group/{group}$3FlogStreamNameFilter$3D{prefix}"


def _console(region: str) -> str:
    return _CONSOLES[partition_of(region)].format(region=region)
