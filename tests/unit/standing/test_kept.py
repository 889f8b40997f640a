"""What sweeps keep of other accounts, as a survey shows it: one row for each resource, its price and its use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.notebooks.session import Session, SessionKind
from sagewatch.owners.owner import Owner
from sagewatch.pricing.book import Rates
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.decision import Use
from sagewatch.standing.kept import JUDGED_FOR, kept_notebook, kept_resources
from sagewatch.standing.resources import BilledLine, Unit
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.survey import Standing
from tests.unit.standing.test_other_kinds import BOOK, NOW, RATES

THEIRS = "222233334444"
ARN = f"arn:aws:sagemaker:us-east-1:{THEIRS}:"
DAY = timedelta(days=1)
SWEPT = NOW - timedelta(minutes=10)
G5 = BilledLine("Hosting", "ml.g5.xlarge", Decimal(2))
M5 = BilledLine("Hosting", "ml.m5.xlarge", Decimal(1))


def part(name: str = "e/AllTraffic", *lines: BilledLine, **fields: Any) -> StandingSession:
    """An open session of a variant."""
    given: dict[str, Any] = {
        "arn": f"{ARN}endpoint/{name}".lower(),
        "name": name,
        "kind": ResourceKind.ENDPOINT,
        "account": THEIRS,
        "region": "us-east-1",
        "lines": lines or (G5,),
        "since": NOW - 9 * DAY,
        "use": Use.IDLE,
        "last_use": NOW - 30 * DAY,
        "judged_at": NOW - timedelta(hours=20),
    }
    return StandingSession(**{**given, **fields})


def notebook(**fields: Any) -> Session:
    """An open session of a notebook."""
    given: dict[str, Any] = {
        "arn": f"{ARN}notebook-instance/n",
        "name": "n",
        "account": THEIRS,
        "region": "us-east-1",
        "owner": "ana",
        "owner_source": "role",
        "instance_type": "ml.m5.xlarge",
        "volume_gb": 72,
        "since": NOW - DAY,
    }
    return Session(**{**given, **fields})


def kept(*sessions: StandingSession, rates: Rates = RATES) -> Sequence[Standing]:
    """The resources that these are parts of."""
    return list(kept_resources(sessions, rates, NOW, SWEPT))


def test_parts_of_one_endpoint_are_one_resource() -> None:
    """Its price is that of all parts less the account's discount, its owner the first that is known."""
    found = kept(
        part("e/A"),
        part("e/B", M5, since=NOW - DAY, owner="ana", owner_source="tag owner"),
        part("other/A", M5),
        rates=Rates(BOOK, Decimal(10)),
    )
    one, other = found

    assert (one.resource.arn, one.resource.name) == (f"{ARN}endpoint/e", "e")
    assert (other.resource.arn, other.resource.name) == (f"{ARN}endpoint/other", "other")
    assert one.hourly.usd == Decimal("0.9") * (2 * Decimal("1.408") + Decimal("0.23"))
    assert one.owner == Owner("ana", "tag owner")
    assert one.resource.since == NOW - DAY
    assert one.resource.configuration == "2 x ml.g5.xlarge + 1 x ml.m5.xlarge"
    assert (one.decision.use, one.decision.last_use, one.as_of) == (Use.IDLE, NOW - 30 * DAY, SWEPT)
    assert (one.resource.account, one.resource.region) == (THEIRS, "us-east-1")


def test_a_slash_in_the_name_of_an_app_is_no_part() -> None:
    """Two apps of one person are two resources."""
    apps = [
        part(
            f"ana/JupyterLab/{name}",
            arn=f"{ARN}app/d-1/ana/jupyterlab/{name}",
            kind=ResourceKind.STUDIO_APP,
        )
        for name in ("default", "second")
    ]

    assert [each.resource.name for each in kept(*apps)] == ["ana/JupyterLab/default", "ana/JupyterLab/second"]


def test_an_endpoint_without_variants_and_a_group_of_a_cluster() -> None:
    """What has one part has the resource's own name; a group's is cut off."""
    bare = part("e", unpriced="it is Failed and shows no variants")
    group = part("c/Workers", arn=f"{ARN}cluster/abc/workers", kind=ResourceKind.CLUSTER)

    assert [each.resource.arn for each in kept(bare, group)] == [f"{ARN}endpoint/e", f"{ARN}cluster/abc"]


def test_what_has_no_price_is_unknown_and_not_0() -> None:
    """One part without a price leaves the whole without one, and says why."""
    [unpriced] = kept(part("e/A"), part("e/B", unpriced="its configuration is gone"))
    [unlisted] = kept(part("e/A", BilledLine("Hosting", "ml.new.xlarge", Decimal(1))))
    [empty] = kept(replace(part("e/A"), lines=()))

    assert (unpriced.hourly.usd, unpriced.hourly.reason) == (None, "its configuration is gone")
    assert unlisted.hourly.usd is None
    assert unlisted.hourly.reason == "no price is known for ml.new.xlarge (Hosting) in us-east-1"
    assert (empty.hourly.usd, empty.hourly.reason) == (None, "nothing says what it bills")


def test_what_a_training_plan_paid_for_is_not_hourly() -> None:
    """A part that is covered leaves the price of the others."""
    [covered] = kept(part("e/A", covered="paid by a training plan"))
    [mixed] = kept(part("e/A", covered="paid by a training plan"), part("e/B", M5))

    assert (covered.hourly.usd, covered.hourly.reason) == (None, "paid by a training plan")
    assert all(each.covered for each in covered.resource.parts)
    assert mixed.hourly.usd == Decimal("0.23")


@pytest.mark.parametrize(
    ("parts", "use"),
    [
        ([{}, {}], Use.IDLE),
        ([{"use": Use.USED}, {}], Use.USED),
        ([{"use": Use.NEW}, {}], Use.UNKNOWN),
        ([{"use": None, "judged_at": None}, {}], Use.UNKNOWN),
        ([{"use": None}, {}], Use.UNKNOWN),
        ([{"judged_at": None}], Use.UNKNOWN),
        ([{"judged_at": NOW - JUDGED_FOR}], Use.UNKNOWN),
        ([{"judged_at": NOW - JUDGED_FOR + timedelta(seconds=1)}], Use.IDLE),
    ],
)
def test_only_what_was_judged_as_it_is_counts_as_idle(parts: Sequence[dict[str, Any]], use: Use) -> None:
    """A part that no sweep has judged, or judged days ago, leaves the use unknown."""
    [found] = kept(*(part(f"e/{number}", **fields) for number, fields in enumerate(parts)))

    assert found.decision.use is use
    assert found.decision.reason


def test_a_notebook_bills_its_instance_and_its_volume() -> None:
    """Its use is unknown, as in a live list."""
    found = kept_notebook(notebook(), RATES, NOW, SWEPT)

    assert found.hourly.usd == Decimal("0.23") + 72 * Decimal("0.14") * 3600 / (30 * 86400)
    assert (found.resource.kind, found.owner) == (ResourceKind.NOTEBOOK, Owner("ana", "role"))
    assert (found.decision.use, found.as_of) == (Use.UNKNOWN, SWEPT)
    assert "kernels" in found.decision.reason


def test_a_stopped_notebook_bills_its_volume_or_an_unknown_amount() -> None:
    """The size of a volume that is not known is not 0 GB."""
    stopped = notebook(instance_type=None, kind=SessionKind.STOPPED)
    known = kept_notebook(stopped, RATES, NOW, SWEPT)
    unknown = kept_notebook(replace(stopped, volume_gb=None), RATES, NOW, SWEPT)

    assert [line.unit for line in known.resource.parts[0].lines] == [Unit.GB_MONTH]
    assert known.hourly.usd == 72 * Decimal("0.14") * 3600 / (30 * 86400)
    assert (unknown.hourly.usd, unknown.hourly.reason) == (
        None,
        "it is stopped, and the size of its volume is not known",
    )


def test_what_an_event_began_after_the_sweep_is_as_of_then() -> None:
    """Also without any sweep."""
    begun = NOW - timedelta(minutes=1)

    assert kept_notebook(notebook(since=begun), RATES, NOW, SWEPT).as_of == begun
    assert kept_notebook(notebook(since=begun), RATES, NOW, None).as_of == begun
