"""Digests and budgets as messages: within Slack's limits, harmless, and short on a quiet day."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from local.slack.block_kit import block_errors
from sagewatch.budgets.budget import BudgetState
from sagewatch.delivery.registry import read_alert
from sagewatch.digest.alerts import BudgetAlert, DigestAlert, ImageRef, StudioFinding, StudioSummary
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.savings import IdleStops
from sagewatch.digest.summary import Digest, Ranking, Running, Share, Standing, StandingPart, TopJob
from sagewatch.ledger.totals import Spend
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.messages.render import Message, render
from tests.worlds.builders import ACCOUNT, NOW

DAY = DateRange(DigestPeriod.DAILY, date(2026, 11, 24), date(2026, 11, 24))
WEEK = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22))
NO_PROGRESS = Ranking((), 0, Share("", Decimal(0), Decimal(0)))
QUIET = Digest(
    span=DAY,
    spend=Spend(),
    before=Spend(jobs=1, cost_usd=Decimal("3.5")),
    by_owner=NO_PROGRESS,
    by_kind=NO_PROGRESS,
    top_jobs=(),
    idled=IdleStops(),
    running=Running(),
    budgets=(),
)


ML, OTHER = "222233334444", "333344445555"


def test_a_digest_of_several_accounts_compares_them_by_name() -> None:
    """An account whose name is not known has its ID; a digest of one account has no such part."""
    shares = (Share(ML, Decimal(1200), Decimal(800)), Share(OTHER, Decimal(3), Decimal(3)))
    both = replace(a_week(), by_account=Ranking(shares, 0, Share("", Decimal(0), Decimal(0))))
    one = replace(a_week(), by_account=Ranking(shares[:1], 0, Share("", Decimal(0), Decimal(0))))
    named = an_alert(both).model_copy(update={"account_names": {ML: "ml <research>"}})
    said = blocks_text(render(named))

    assert named.accounts == [ML, OTHER]
    assert f"*By account*\\nml &lt;research&gt; ({ML}): $1,200.00 (was $800.00)\\n{OTHER}: $3.00" in said
    assert "By account" not in blocks_text(render(an_alert(one)))


def test_a_budget_of_an_account_has_its_name() -> None:
    """In its own message and in the digest."""
    state = BudgetState(ML, Decimal(100), Decimal(90), date(2026, 11, 24))
    names = {"account_names": {ML: "ml-research"}}
    alert = BudgetAlert(
        alert_id="budget-1", account=ACCOUNT, region="us-east-1", instances=None, state=state, threshold=80
    )
    digest = an_alert(replace(QUIET, budgets=(state,)))

    assert (alert.accounts, digest.accounts) == ((ML,), [ML])
    assert f"Budget of account ml-research ({ML})" in render(alert.model_copy(update=names)).text
    assert f"Budget of account ml-research ({ML})" in blocks_text(render(digest.model_copy(update=names)))


def an_alert(digest: Digest) -> DigestAlert:
    """The digest as an alert."""
    return DigestAlert(alert_id="digest-1", account=ACCOUNT, region="us-east-1", instances=None, digest=digest)


def blocks_text(message: Message) -> str:
    """Its blocks as JSON."""
    return json.dumps([block.to_dict() for block in message.blocks])


def a_week(name: str = "ana", job: str = "fraud-xgb") -> Digest:
    """Everything there is to say."""
    ranking = Ranking((Share(name, Decimal(1200), Decimal(800)),) * 5, 3, Share("", Decimal(30), Decimal(30)))
    return Digest(
        span=WEEK,
        spend=Spend(
            jobs=87,
            cost_usd=Decimal("1234.5"),
            failed_jobs=4,
            failed_usd=Decimal("12.3"),
            spot_cost_usd=Decimal(100),
            spot_savings_usd=Decimal(300),
            unpriced_jobs=2,
        ),
        before=Spend(jobs=9, cost_usd=Decimal(1000)),
        by_owner=ranking,
        by_kind=ranking,
        top_jobs=(TopJob(ResourceKind.TRAINING, job, "us-east-1", name, Decimal("99.99"), failed=True),) * 5,
        idled=IdleStops(stops=2, idle_usd=Decimal(14), saved_usd=Decimal(30), saved_seconds=72_000, unpriced=1),
        running=Running(
            jobs=3,
            jobs_usd=Decimal("4.5"),
            notebooks=1,
            notebooks_usd=Decimal("1.41"),
            unpriced=1,
            idle=1,
            idle_usd=Decimal("14.1"),
            standing=Standing(
                count=7,
                usd=Decimal("12.5"),
                unpriced=1,
                idle=2,
                idle_usd=Decimal("3.1"),
                top=(StandingPart(ResourceKind.ENDPOINT, f"{job}/blue", name, Decimal("2.816")),) * 3,
            ),
        ),
        budgets=(a_budget_state(name, "380", "120", "0.30"),) * 30,
    )


def message(digest: Digest, **changes: object) -> Message:
    """What is posted."""
    alert = DigestAlert(
        alert_id="digest-1", account=ACCOUNT, region="us-east-1", instances=None, happened_at=NOW, digest=digest
    )
    return render(alert.model_copy(update=changes))


def texts(blocks: tuple[Block, ...]) -> str:
    """Everything there is to read."""
    return json.dumps([block.to_dict() for block in blocks], ensure_ascii=False)


def test_a_quiet_day_is_one_line() -> None:
    """With what the day before came to."""
    told = message(QUIET)
    [block] = told.blocks

    assert told.text == (
        "Daily digest: Tuesday, 24 November 2026: no job and no notebook session ended (the day before $3.50)."
    )
    assert "\n" not in block.to_dict()["text"]["text"]


def test_what_runs_is_told_on_a_quiet_day_too() -> None:
    """A second line."""
    told = texts(message(replace(QUIET, running=a_week().running)).blocks)

    assert (
        f"*Running now ({NOW:%Y-%m-%d %H:%M} UTC):* 3 jobs at $4.50/h and 1 notebook at $1.41/h. "
        "1 notebook is idle: $14.10 since the last "
        "activity. 1 of unknown price left out."
    ) in told


def test_a_week_says_it_all() -> None:
    """In plain sentences."""
    told = message(a_week(), picture=ImageRef(image_id="F0ABCDEF12", alt_text="Bars."))
    read = texts(told.blocks)

    assert told.text == (
        "Weekly digest: 16 November 2026 to 22 November 2026: $1,234.50 in 87 jobs and notebook sessions; "
        "the week before $1,000.00 (+23 %)."
    )
    for part in (
        "ana: $1,200.00 (was $800.00)",
        "_3 others_: $30.00",
        "fraud-xgb> (training, ana, failed)",
        "*Failed:* $12.30 for 4 jobs that failed or hit a time limit",
        "*Spot:* saved $300.00 (75 % off the on-demand price)",
        "*Unpriced:* 2 jobs whose cost is unknown, not in any total",
        "*Idle:* SageWatch stopped 2 idle notebooks; until then, idling cost $14.00 (1 of unknown price left out)",
        "*Saved by stops:* about $30.00 (20 h not billed; SageWatch counts at most 12 h for each stop)",
        "*Budget of ana for November:* $500.00 of $1,000.00 (50 %), $120.00 of it in progress. Forecast: $681.80",
        "and 22 budgets with less used",
        "Days are in UTC",
    ):
        assert part in read
    [image] = [block.to_dict() for block in told.blocks if block.type == "image"]
    assert (image["slack_file"], image["alt_text"]) == ({"id": "F0ABCDEF12"}, "Bars.")


def test_a_chart_that_is_missing_is_missed() -> None:
    """With Slack's reason; the numbers are there."""
    told = message(a_week(), no_picture="Slack refused the picture: missing_scope")

    assert "No chart (Slack refused the picture: missing_scope)." in texts(told.blocks)
    assert [block for block in told.blocks if block.type == "image"] == []


def test_a_period_that_is_not_over_says_so() -> None:
    """And until when it counts."""
    told = message(replace(a_week(), span=replace(WEEK, until=NOW)))

    assert ", so far (12:00 UTC):" in told.text


def test_the_longest_names_fit() -> None:
    """Tag values of 256 characters, all of what becomes longest when it is escaped, and job names of 63."""
    told = message(a_week(name="&" * 256, job="x" * 63), picture=ImageRef(image_id="F0ABCDEF12", alt_text="x" * 2000))

    assert block_errors([block.to_dict() for block in told.blocks]) == []
    assert not any(block.to_dict().get("text", {}).get("text", "").endswith("…") for block in told.blocks)


@given(st.text(min_size=1))
def test_names_are_harmless(name: str) -> None:
    """No mention, no link of theirs."""
    told = message(
        a_week(name=f"<!channel>{name}", job=f"<@U0ANA>{name}"),
        picture=ImageRef(image_id="F0ABCDEF12", alt_text="Bars."),
    )

    assert block_errors([block.to_dict() for block in told.blocks]) == []
    assert "<!" not in texts(told.blocks)
    assert "<@" not in texts(told.blocks)


def a_budget_state(owner: str, spent: str, running: str, hourly: str) -> BudgetState:
    """A budget of 1,000 dollars, 25 days and six hours before November ends."""
    until = datetime(2026, 11, 5, 18, tzinfo=UTC)
    amounts = (Decimal(1000), Decimal(spent), date(2026, 11, 5), Decimal(running), Decimal(hourly))
    return BudgetState(owner, *amounts, until)


@pytest.mark.parametrize(
    ("spent", "running", "threshold", "text"),
    [
        (
            "500",
            "0",
            50,
            ("Budget of ana for November 2026: 50 % used. $500.00 of $1,000.00 used by 5 November 2026 (UTC)."),
        ),
        (
            "300",
            "100",
            None,
            (
                "Budget of ana for November 2026: forecast is over budget. $400.00 of $1,000.00 used by 5 "
                "November 2026 (UTC), $100.00 of it in progress. Forecast for the month: $1,006.00."
            ),
        ),
        (
            "1500",
            "500",
            100,
            (
                "Budget of ana for November 2026: passed 100 % (now 200 %). $2,000.00 of $1,000.00 used by 5 "
                "November 2026 (UTC), $500.00 of it in progress. Forecast for the month: $2,606.00."
            ),
        ),
    ],
)
def test_a_budget_is_told_in_a_sentence(spent: str, running: str, threshold: int | None, text: str) -> None:
    """What is used, how much of that still runs, and the forecast."""
    state = a_budget_state("ana", spent, running, "1" if running != "0" else "0")
    told = render(
        BudgetAlert(alert_id="b", account=ACCOUNT, region="us-east-1", instances=None, state=state, threshold=threshold)
    )

    assert told.text == text
    assert block_errors([block.to_dict() for block in told.blocks]) == []


def test_a_budget_alert_of_an_earlier_version_can_be_read() -> None:
    """It knows no open work, and so no forecast."""
    state = {"owner": "ana", "budget_usd": "1000", "spent_usd": "500", "day": "2026-11-05"}
    alert = {"finding": "budget", "alert_id": "b", "account": ACCOUNT, "region": "us-east-1", "instances": None}
    told = render(read_alert(json.dumps({**alert, "state": state, "threshold": 50})))

    assert told.text.endswith("$500.00 of $1,000.00 used by 5 November 2026 (UTC).")


def test_the_weekly_audit_of_studio_is_stated_with_the_command_that_lists_its_calls() -> None:
    """The most expensive faults, escaped; on a quiet week too."""
    finding = StudioFinding(
        domain="d-1",
        place="user profile <ana>",
        app_type="JupyterLab",
        reason="idle shutdown is off",
        usd=Decimal("2.82"),
    )
    studio = StudioSummary(count=4, usd=Decimal("3.4"), top=(finding,))

    for digest in (QUIET, a_week()):
        told = texts(message(digest, studio=studio).blocks)

        assert (
            "*Studio idle shutdown:* 4 faults, with apps at $3.40/h. `make studio` lists the calls that fix them."
            in told
        )
        assert "- $2.82/h  JupyterLab in user profile &lt;ana&gt; of `d-1`: idle shutdown is off" in told
        assert "Studio" not in texts(message(digest).blocks)
