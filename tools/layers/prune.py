"""Remove from built layers what no function imports, and the sources of libraries whose bytecode is there.

The lists are short on purpose: what is left imports every module of SageWatch, and draws a chart, by test.
"""

import shutil
from pathlib import Path

# Parts of libraries that nothing imports, each by its own documentation a feature of its own.
_UNUSED = (
    "*.data",  # programs for a terminal
    "annotated_types/test_cases.py",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/logging/formatters/datadog.py",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/middleware_factory",
    "aws_lambda_powertools/shared/cookies.py",
    "aws_lambda_powertools/shared/dynamodb_deserializer.py",
    "aws_lambda_powertools/shared/headers_serializer.py",
    "aws_lambda_powertools/utilities/[a-ik-z]*",  # all but jmespath_utils
    "botocore/docs/client.py",
    "botocore/docs/service.py",
    "botocore/docs/sharedexample.py",
    "botocore/docs/translator.py",
    "botocore/stub.py",
    "dateutil/easter.py",
    "dateutil/rrule.py",
    "dateutil/tz/win.py",
    "dateutil/tzwin.py",
    "dateutil/zoneinfo",  # zones of its own; SageWatch takes tzdata's
    "pydantic/color.py",
    "pydantic/deprecated/[a-z]*.py",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "pydantic/networks.py",  # URLs and addresses as types
    "pydantic/v1",
    "slack",
    "slack_sdk/audit_logs",
    "slack_sdk/http_retry/*async*",
    "slack_sdk/models/dial*",
    "slack_sdk/oauth",
    "slack_sdk/rtm",
    "slack_sdk/rtm_v2",
    "slack_sdk/scim",
    "slack_sdk/socket_mode",
    "slack_sdk/web/async_*",
    "slack_sdk/web/legacy_*",
    "slack_sdk/webhook",
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/tzdata.zi",  # the sources of the compiled zones
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/contrib/socks.py",
    "urllib3/http2/connection.py",
)
_METADATA = tuple(
    f"*.dist-info/{name}"
    for name in ("METADATA", "RECORD", "WHEEL", "INSTALLER", "REQUESTED", "entry_points.txt", "top_level.txt")
)
_INSTALLER = "requirements.txt"  # which ``sam build`` copies
_TYPES = frozenset({".pyi", ".pyx", ".pxd", ".h", ".c"})  # for type checkers and compilers
_OURS = "sagewatch"


def prune(layer: Path) -> None:
    """Remove what nothing imports. Licences stay, and the lists of what is linked into machine code."""
    for pattern in (*_UNUSED, *_METADATA, _INSTALLER):
        for path in layer.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in [path for path in layer.rglob("*.*") if path.suffix in _TYPES]:
        path.unlink()


def without_sources(layer: Path) -> None:
    """Put each library's bytecode in the place of its source. Ours keeps its lines, for stack traces to show them."""
    for source in list(layer.rglob("*.py")):
        if _OURS not in source.relative_to(layer).parts:
            [compiled] = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc")
            compiled.rename(source.with_suffix(".pyc"))
            source.unlink()
    for folder in [path for path in layer.rglob("__pycache__") if not any(path.iterdir())]:
        folder.rmdir()
