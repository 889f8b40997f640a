"""The messages of digests and budgets. A quiet day is a line or two."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from slack_sdk.models.blocks import Block, HeaderBlock, ImageBlock, MarkdownTextObject, SectionBlock

from sagewatch.alerts.base import AlertBase
from sagewatch.budgets.budget import EVERYBODY, BudgetState, is_account
from sagewatch.digest.alerts import BudgetAlert, DigestAlert, StudioSummary
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.savings import MOST_SAVED, IdleStops
from sagewatch.digest.summary import Digest, Ranking, Running, Share, Standing, TopJob
from sagewatch.formatting import clock_time, count_of, duration, money
from sagewatch.ledger.totals import Spend
from sagewatch.sagemaker.console import console_url
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.slack.blocks import context, field, section
from sagewatch.slack.text import cut, escape

_NAME = 48  # characters: an owner or a job is known by fewer, and every one may become five when it is escaped
_TITLE = 68  # an account's name has up to 50, its ID 12
_BUDGETS = 8  # as many as always fit into a section
_NOTES = "Days are in UTC; a job counts on the day it ended. Estimates at list prices, less your discount."
_BEFORE = {DigestPeriod.DAILY: "the day before", DigestPeriod.WEEKLY: "the week before"}


def digest_message(alert: DigestAlert) -> tuple[str, Sequence[Block]]:
    """The digest of a period."""
    digest = alert.digest
    headline, total = _headline(digest.span), _total(digest)
    text = f"{headline}: {total}".replace("*", "")
    if digest.quiet:
        more = [*_running(digest.running, alert.happened_at), *_budgets(alert), *_studio(alert.studio)]
        watch = [alert.health] if alert.health else []
        return text, [section("\n".join([f"*{headline}*: {total}", *more, *(escape(words) for words in watch)]))]
    blocks: list[Block] = [HeaderBlock(text=headline), section(total)]
    if alert.picture:
        blocks.append(ImageBlock(slack_file={"id": alert.picture.image_id}, alt_text=alert.picture.alt_text))
    fields = [_ranking("By owner", digest.by_owner), _ranking("By kind", digest.by_kind), *_accounts(alert)]
    blocks.append(SectionBlock(fields=fields))
    blocks += [section(part) for part in (*_parts(alert), "\n".join(_studio(alert.studio))) if part]
    blocks.append(context(_notes(alert)))
    return text, blocks


def budget_message(alert: BudgetAlert) -> tuple[str, Sequence[Block]]:
    """A budget that is being used up."""
    state = alert.state
    headline = f"{_budget(alert, state)} for {state.day:%B %Y}: {_passed(alert)}"
    forecast = None if state.forecast_usd == state.used_usd else state.forecast_usd
    expected = f" Forecast for the month: {money(forecast)}." if forecast is not None else ""
    sentence = (
        f"{money(state.used_usd)} of {money(state.budget_usd)} used by {_day(state.day)} (UTC){_open(state)}.{expected}"
    )
    assumed = "" if forecast is None else "The forecast assumes that what runs now runs until the end of the month. "
    most = 'SageWatch\'s operator can list the most expensive jobs: `make costs ARGS="--by job --top 20"`.'
    small = (
        f"{most} {assumed}A personal budget counts ended jobs only; the total budget also counts running jobs. "
        "No budget stops anything, so nothing has to be done at once; each threshold is reported once a month."
    )
    return f"{headline}. {sentence}", [section(f"*{headline}*\n{sentence}"), context(small)]


def _passed(alert: BudgetAlert) -> str:
    """The threshold, and how much is used now where that is more."""
    if not alert.threshold:
        return "forecast is over budget"
    now = _rounded(alert.state.percent)
    return f"{now} % used" if now <= alert.threshold else f"passed {alert.threshold} % (now {now} %)"


def _headline(span: DateRange) -> str:
    so_far = f", so far ({clock_time(span.until, span.until)})" if span.until else ""
    if span.period is DigestPeriod.DAILY:
        return f"Daily digest: {span.last:%A}, {_day(span.last)}{so_far}"
    return f"Weekly digest: {_day(span.first)} to {_day(span.last)}{so_far}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _total(digest: Digest) -> str:
    before = f"{_BEFORE[digest.span.period]} {money(digest.before.cost_usd)}"
    if digest.quiet:
        return f"no job and no notebook session ended ({before})."
    things = count_of(digest.spend.jobs, "job or notebook session", "jobs and notebook sessions")
    return f"*{money(digest.spend.cost_usd)}* in {things}; {before}{_change(digest.spend, digest.before)}."


def _change(now: Spend, before: Spend) -> str:
    if not before.cost_usd:
        return ""
    percent = _rounded((now.cost_usd - before.cost_usd) * 100 / before.cost_usd)
    return f" ({percent:+d} %)" if percent else " (about the same)"


def _ranking(name: str, ranking: Ranking, longest: int = _NAME) -> MarkdownTextObject:
    lines = [f"{_named(share.name, longest)}: {money(share.usd)}{_was(share)}" for share in ranking.top]
    if ranking.others:
        lines.append(f"_{count_of(ranking.others, 'other', 'others')}_: {money(ranking.rest.usd)}{_was(ranking.rest)}")
    return field(name, "\n".join(lines) or "nothing")


def _accounts(alert: DigestAlert) -> list[MarkdownTextObject]:
    """What each account cost, if there is more than one."""
    ranking = alert.digest.by_account
    if len(ranking.top) + ranking.others <= 1:
        return []
    titled = (replace(share, name=alert.account_title(share.name)) for share in ranking.top)
    return [_ranking("By account", replace(ranking, top=tuple(titled)), _TITLE)]


def _was(share: Share) -> str:
    return f" (was {money(share.before_usd)})" if share.before_usd not in {0, share.usd} else ""


def _parts(alert: DigestAlert) -> Iterator[str]:
    digest = alert.digest
    yield "\n".join(["*Most expensive*", *map(_job, digest.top_jobs)]) if digest.top_jobs else ""
    yield "\n".join(_spend_facts(digest.spend) + _idle_facts(digest.idled))
    yield "\n".join(_running(digest.running, alert.happened_at))
    yield "\n".join(_budgets(alert))


def _job(job: TopJob) -> str:
    url, name = console_url(job.kind, job.name, job.region), _named(job.name)
    shown = f"<{escape(url)}|{name}>" if url else name
    owner = f", {_named(job.owner)}" if job.owner else ""
    return f"{money(job.usd)}  {shown} ({job.kind}{owner}{', failed' if job.failed else ''})"


def _spend_facts(spend: Spend) -> list[str]:
    facts = []
    if spend.failed_jobs:
        jobs = count_of(spend.failed_jobs, "job", "jobs")
        facts.append(f"*Failed:* {money(spend.failed_usd)} for {jobs} that failed or hit a time limit")
    if spend.spot_savings_usd:
        whole = spend.spot_cost_usd + spend.spot_savings_usd
        share = _rounded(spend.spot_savings_usd * 100 / whole)
        facts.append(f"*Spot:* saved {money(spend.spot_savings_usd)} ({share} % off the on-demand price)")
    if spend.unpriced_jobs:
        facts.append(
            f"*Unpriced:* {count_of(spend.unpriced_jobs, 'job', 'jobs')} whose cost is unknown, not in any total"
        )
    return facts


def _idle_facts(idled: IdleStops) -> list[str]:
    facts = []
    if idled.stops:
        unpriced = f" ({idled.unpriced} of unknown price left out)" if idled.unpriced else ""
        stops = count_of(idled.stops, "idle notebook", "idle notebooks")
        facts.append(f"*Idle:* SageWatch stopped {stops}; until then, idling cost {money(idled.idle_usd)}{unpriced}")
    if idled.saved_seconds:
        most = duration(int(MOST_SAVED.total_seconds()))
        stopped = f"{duration(idled.saved_seconds)} not billed; SageWatch counts at most {most} for each stop"
        facts.append(f"*Saved by stops:* about {money(idled.saved_usd)} ({stopped})")
    return facts


def _running(running: Running, at: datetime | None) -> list[str]:
    """What runs at this moment, which is of no period."""
    return [*_at_work(running, at), *_standing(running.standing)]


def _standing(standing: Standing) -> list[str]:
    """What bills until a person ends it."""
    if not standing.count:
        return []
    resources = count_of(standing.count, "resource", "resources")
    unpriced = f" ({standing.unpriced} without a known price)" if standing.unpriced else ""
    idle = f"; {standing.idle} idle at {money(standing.idle_usd)}/h" if standing.idle else ""
    top = ", ".join(
        f"{KIND_FACTS[part.kind].label} `{escape(cut(part.name, _NAME))}` {money(part.usd)}/h" for part in standing.top
    )
    most = f". Most expensive: {top}" if top else ""
    return [f"*Billing until ended:* {resources} at {money(standing.usd)}/h in total{unpriced}{idle}{most}"]


def _studio(studio: StudioSummary | None) -> list[str]:
    """Where Studio's idle shutdown does not work, and how to find the calls that mend it."""
    if studio is None:
        return []
    faults = count_of(studio.count, "fault", "faults")
    fix = "`make studio` lists the calls that fix them."
    lines = [f"*Studio idle shutdown:* {faults}, with apps at {money(studio.usd)}/h. {fix}"]
    for each in studio.top:
        where = f"{escape(cut(each.place, _NAME))} of `{escape(cut(each.domain, _NAME))}`"
        lines.append(f"- {money(each.usd)}/h  {each.app_type} in {where}: {escape(cut(each.reason, 120))}")
    return lines


def _at_work(running: Running, at: datetime | None) -> list[str]:
    things = []
    if running.jobs:
        things.append(f"{count_of(running.jobs, 'job', 'jobs')} at {money(running.jobs_usd)}/h")
    if running.notebooks:
        notebooks = count_of(running.notebooks, "notebook", "notebooks")
        things.append(f"{notebooks} at {money(running.notebooks_usd)}/h")
    if not things:
        return []
    so_far = f", {money(running.so_far_usd)} so far (in no total yet)" if running.so_far_usd else ""
    when = f" ({at:%Y-%m-%d %H:%M} UTC)" if at else ""
    sentences = [f"*Running now{when}:* {' and '.join(things)}{so_far}."]
    if running.idle:
        idle = count_of(running.idle, "notebook is idle", "notebooks are idle")
        sentences.append(f"{idle}: {money(running.idle_usd)} since the last activity.")
    if running.unpriced:
        sentences.append(f"{running.unpriced:,} of unknown price left out.")
    return [" ".join(sentences)]


def _budgets(alert: DigestAlert) -> list[str]:
    """The ones that are used most."""
    ordered = sorted(alert.digest.budgets, key=lambda state: state.percent, reverse=True)
    lines = [f"*{_budget(alert, state)} for {state.day:%B}:* {_state(state)}" for state in ordered[:_BUDGETS]]
    more = len(ordered) - _BUDGETS
    return [*lines, f"and {count_of(more, 'budget', 'budgets')} with less used"] if more > 0 else lines


def _state(state: BudgetState) -> str:
    used = f"{money(state.used_usd)} of {money(state.budget_usd)} ({_rounded(state.percent)} %){_open(state)}"
    forecast = state.forecast_usd
    return used if forecast in {None, state.used_usd} else f"{used}. Forecast: {money(forecast)}"


def _open(state: BudgetState) -> str:
    """Say how much of what is used is in progress."""
    return f", {money(state.open_usd)} of it in progress" if state.open_usd else ""


def _notes(alert: DigestAlert) -> str:
    notes = [escape(alert.health)] if alert.health else []
    chart = [f"No chart ({escape(cut(alert.no_picture, 300))})."] if alert.no_picture else []
    return "\n".join([*notes, " ".join([_NOTES, *chart])])


def _budget(alert: AlertBase, state: BudgetState) -> str:
    if is_account(state.owner):
        return f"Budget of account {_named(alert.account_title(state.owner), _TITLE)}"
    return "Total budget" if state.owner == EVERYBODY else f"Budget of {_named(state.owner)}"


def _named(name: str, longest: int = _NAME) -> str:
    """A name, shortened and harmless."""
    return escape(cut(name, longest))


def _rounded(percent: Decimal) -> int:
    return int(percent.quantize(Decimal(1), ROUND_HALF_UP))
