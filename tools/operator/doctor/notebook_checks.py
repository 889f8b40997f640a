"""Rows about one notebook that the operator names: the way to its Jupyter server, and its log."""

from collections.abc import Iterator
from datetime import timedelta

from sagewatch.clock import iso
from sagewatch.errors import AccessDeniedError, SageWatchError
from sagewatch.idle.evidence import Unknown
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.wiring.probes import probes
from tools.operator.doctor.live import Account, NotCheckedError
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, judge_found, not_checked, refuted


def notebook_checks() -> Iterator[Check]:
    """The rows."""
    yield Check(
        name="notebook.jupyter",
        assumption="A presigned URL opens Jupyter's API of a notebook",
        look=_look_jupyter,
        judge=_judge_jupyter,
        calls=2,
    )
    yield Check(
        name="notebook.log",
        assumption="A notebook's log stream is <name>/jupyter.log",
        look=_look_notebook_log,
        judge=judge_found,
    )


def _named(account: Account) -> str:
    if not account.notebook:
        raise NotCheckedError("no notebook was named: add --notebook NAME of one that is in service")
    return account.notebook


def _look_jupyter(account: Account) -> Facts:
    name, asked, now = _named(account), probes(account.region), account.clock()
    account.on_call("sagemaker CreatePresignedNotebookInstanceUrl")
    try:
        notebook = asked.notebooks.describe(name, account.region, account.stack.account)
        reading = asked.jupyter.read(notebook, now, now - timedelta(days=1))
    except AccessDeniedError as exc:
        return {"denied": str(exc).partition(" ")[0]}
    except SageWatchError as exc:
        raise NotCheckedError(str(exc)) from exc
    words = reading.reason if isinstance(reading, Unknown) else reading.words
    return {
        "answer": type(reading).__name__,
        "words": words,
        "platform": notebook.platform,
        "status": notebook.status.value,
        "at": iso(now),
    }


def _judge_jupyter(facts: Facts) -> Finding:
    said = f"{facts['platform']}: {facts['words']}"
    if facts["answer"] != "Unknown":
        return confirmed(said)
    if "AccessDenied" in facts["words"]:
        return not_checked(said, "Allow sagemaker:CreatePresignedNotebookInstanceUrl for your own credentials.")
    if facts.get("status", NotebookStatus.IN_SERVICE) != NotebookStatus.IN_SERVICE:
        return not_checked(f"the notebook is {facts['status']}", "Start it, or name one that is in service.")
    return refuted(said, "SageWatch stops no notebook that it cannot ask. Report this row with the platform.")


def _look_notebook_log(account: Account) -> Facts:
    prefix = f"{_named(account)}/jupyter.log"
    group = str(KIND_FACTS[ResourceKind.NOTEBOOK].log_group)
    answer = account.call("logs", "describe_log_streams", logGroupName=group, logStreamNamePrefix=prefix, limit=1)
    return {"found": {"notebook": len(answer["logStreams"])}, "what": "streams jupyter.log"}
