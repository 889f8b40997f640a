"""Everything on SageMaker that bills right now: found, priced, owned and judged, region by region."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sagewatch.clock import Clock
from sagewatch.errors import SageWatchError
from sagewatch.owners.owner import Owner, tagged_owner
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.fields import parse_tags
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.standing.decision import UseDecision, decide
from sagewatch.standing.evidence import Metrics
from sagewatch.standing.hourly import HourlyPrice, hourly_price
from sagewatch.standing.ports import SageMakerReads, StandingKind, UsageMetrics
from sagewatch.standing.resources import StandingResource


class SurveyProgress(Protocol):
    """Hears what a survey does. It may raise ``KeyboardInterrupt`` to end it."""

    def __call__(self, step: str) -> None:
        """Hear the next step, in a few words."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One standing resource with its price, its owner and the decision about its use. ``tags`` are its own.

    ``as_of`` is when this was known, where resources of other accounts are in the same report; ``None`` is now.
    """

    resource: StandingResource
    hourly: HourlyPrice
    owner: Owner | None
    decision: UseDecision
    tags: Mapping[str, str] | None = None
    as_of: datetime | None = None


@dataclass(slots=True)
class SurveyReport:
    """What a survey found, most expensive first, and a sentence for each thing that it could not read.

    ``notes`` are sentences about how old the answers are that were not read now.
    """

    found: list[Standing] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def usd_per_hour(self) -> Decimal:
        """The total of the known prices."""
        return sum((each.hourly.usd for each in self.found if each.hourly.usd is not None), Decimal(0))

    def sort(self) -> None:
        """Put the most expensive first."""
        self.found.sort(key=lambda each: (-(each.hourly.usd or 0), each.resource.arn))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Surveys the kinds of standing resource. One kind's failure hinders no other kind and no other region."""

    kinds: Sequence[StandingKind]
    api_of: Callable[[str], SageMakerReads]
    metrics_of: Callable[[str], UsageMetrics]
    prices: Prices
    owner_tag_keys: Sequence[str]
    clock: Clock
    progress: SurveyProgress

    def run(self, regions: Iterable[str], *, everything: bool = False) -> SurveyReport:
        """Return what bills, or may bill, in these regions; with ``everything`` also what bills nothing now."""
        report = SurveyReport()
        for region in regions:
            self._region(region, report, everything=everything)
        report.sort()
        return report

    def _region(self, region: str, report: SurveyReport, *, everything: bool) -> None:
        api, now = self.api_of(region), self.clock()
        found: list[StandingResource] = []
        for kind in self.kinds:
            label = f"{KIND_FACTS[kind.kind].label.lower()}s in {region}"
            self.progress(f"Reading {label}")
            try:
                for each in kind.find(api, now):
                    _sort(each, found, report)
            except SageWatchError as exc:
                report.problems.append(f"{label}: {exc}")
        wanted = [each for each in found if everything or each.bills]
        self.progress(f"Reading metrics and tags in {region}")
        report.found += self._judged(region, wanted, report, now)

    def _judged(
        self, region: str, wanted: Sequence[StandingResource], report: SurveyReport, now: datetime
    ) -> Iterator[Standing]:
        rates = self.prices.rates(region)
        probes = dict.fromkeys(
            probe
            for each in wanted
            if each.bills and isinstance(each.evidence, Metrics)
            for probe in each.evidence.probes
        )
        answers = self.metrics_of(region).read(list(probes), now)
        for each, tags in self._tagged(region, wanted, report):
            owner = tagged_owner(tags, self.owner_tag_keys) or each.owner
            yield Standing(each, hourly_price(each, rates, now), owner, decide(each, answers, now), tags)

    def _tagged(
        self, region: str, wanted: Sequence[StandingResource], report: SurveyReport
    ) -> Iterator[tuple[StandingResource, Mapping[str, str] | None]]:
        """Every resource with its tags; without any, where they cannot be read."""
        taggable = [each for each in wanted if each.taggable]
        yield from ((each, None) for each in wanted if not each.taggable)
        answers = self.api_of(region).each("ListTags", [{"ResourceArn": each.arn} for each in taggable])
        for each, answer in zip(taggable, answers, strict=True):
            if isinstance(answer, SageWatchError):
                report.problems.append(f"tags of {each.name}: {answer}")
            yield each, None if answer is None or isinstance(answer, SageWatchError) else parse_tags(answer.get("Tags"))


def _sort(each: StandingResource | SageWatchError, found: list[StandingResource], report: SurveyReport) -> None:
    if isinstance(each, SageWatchError):
        report.problems.append(str(each))
    else:
        found.append(each)


def by_kind(found: Iterable[Standing]) -> Mapping[ResourceKind, list[Standing]]:
    """Group by kind, in the order of the most expensive."""
    groups: dict[ResourceKind, list[Standing]] = {}
    for each in found:
        groups.setdefault(each.resource.kind, []).append(each)
    return groups
