"""What runs on SageMaker now, and what an hour of it costs: the first message of a new deployment."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sagewatch.formatting import money
from sagewatch.pricing.book import Rates
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.resources import Job

MOST_JOBS = 100  # of each kind are described
_KINDS = {
    ResourceKind.TRAINING: ("Training", "Training jobs"),
    ResourceKind.PROCESSING: ("Processing", "Processing jobs"),
    ResourceKind.TRANSFORM: ("Transform", "Batch transform jobs"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Running resources of one kind. ``hourly`` sums the known prices; ``unknown`` counts the others."""

    label: str
    count: int
    hourly: Decimal
    unknown: int


def group(label: str, prices: Iterable[Decimal | None]) -> Group:
    """Sum prices per hour; one that is not known is never 0."""
    listed = list(prices)
    known = [price for price in listed if price is not None]
    return Group(label, len(listed), sum(known, Decimal(0)), len(listed) - len(known))


def running_groups(client: Any, notebooks: Iterable[Notebook], rates: Rates, account: str, region: str) -> list[Group]:
    """Every kind of which something runs. ``client`` is SageMaker's."""
    found = [
        group("Notebook instances", [rates.of_type(ResourceKind.NOTEBOOK, one.instance_type) for one in notebooks])
    ]
    for kind, (prefix, label) in _KINDS.items():
        jobs = _running(client, kind, prefix, account, region)
        found.append(group(label, [rates.of_job(job) for job in jobs]))
    return [each for each in found if each.count]


def _running(client: Any, kind: ResourceKind, prefix: str, account: str, region: str) -> Iterator[Job]:
    listing: Callable[..., Mapping[str, Any]] = getattr(client, f"list_{prefix.lower()}_jobs")
    listed = listing(StatusEquals="InProgress", SortBy="CreationTime", SortOrder="Descending", MaxResults=MOST_JOBS)
    describe = getattr(client, f"describe_{prefix.lower()}_job")
    for summary in listed[f"{prefix}JobSummaries"]:
        name = f"{prefix}JobName"
        yield read_job(kind, describe(**{name: summary[name]}), account=account, region=region, described=True)


def first_message(groups: Iterable[Group], stack: str, region: str, mode: str) -> str:
    """The text that Slack gets: what runs, what it costs per hour, and what SageWatch does from now on."""
    where = f"SageWatch is deployed (stack `{stack}`, {region})"
    if mode == "enforce":
        lines = [f"{where}. It stops idle notebooks after a warning, and jobs when a person confirms."]
    else:
        lines = [f"{where} in trial mode: it reports and stops nothing."]
    found = list(groups)
    if not found:
        lines.append("Nothing runs on SageMaker in this region at the moment.")
    for each in found:
        price = f"{money(each.hourly)}/h" if each.unknown < each.count else "price unknown"
        some = f", price of {each.unknown} unknown" if 0 < each.unknown < each.count else ""
        lines.append(f"• {each.label}: {each.count}, {price}{some}")
    if len(found) > 1:
        least = "at least " if any(each.unknown for each in found) else ""
        lines.append(
            f"Total: {least}{money(sum((each.hourly for each in found), Decimal(0)))}/h at on-demand list prices."
        )
    lines.append("The first sweep runs within 15 minutes. It records the jobs of the last 30 days.")
    return "\n".join(lines)
