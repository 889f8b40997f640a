"""How old the answers of other accounts are, in sentences, and which accounts are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sagewatch.errors import SettingsError, UnavailableError, UnreadableError
from sagewatch.notebooks.session import Session
from sagewatch.sagemaker.scopes import Scope
from sagewatch.standing.kinds.notebooks import Notebooks
from sagewatch.standing.other_accounts import AccountsSurvey, OtherAccounts, Swept, ages
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.survey import Survey, SurveyReport
from sagewatch.sweeps import Sweep
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.spokes import InMemorySpokeStates
from tests.fakes.standing import CannedReads, PublishedMetrics
from tests.unit.standing.test_kept import THEIRS, notebook, part
from tests.unit.standing.test_other_kinds import ARN, BOOK, NOW

OWN, SILENT = "123456789012", "333344445555"
HERE, THERE, QUIET = f"{THEIRS}/us-east-1", f"{THEIRS}/eu-west-1", f"{SILENT}/us-east-1"
SEE = "See `make spokes`."
MINUTE = timedelta(minutes=1)


@dataclass
class Hub:
    """A hub with a notebook of its own, and an endpoint and a notebook in another account."""

    scopes: tuple[Scope, ...] = (HERE, THERE, QUIET)
    sessions: dict[Scope, Mapping[str, StandingSession | UnreadableError]] = field(default_factory=dict)
    notebooks: dict[Scope, Mapping[str, Session | UnreadableError]] = field(default_factory=dict)
    states: InMemorySpokeStates = field(default_factory=InMemorySpokeStates)
    lost: bool = False
    hub: bool = True
    home: str | None = OWN

    def __post_init__(self) -> None:
        """What was swept ten minutes ago."""
        self.sessions[HERE] = {"e": part("e/A")}
        self.notebooks[HERE] = {"n": notebook()}
        for sweep in (Sweep.RESOURCES, Sweep.NOTEBOOKS):
            self.swept(HERE, sweep, NOW - 10 * MINUTE)

    def swept(self, scope: Scope, sweep: Sweep, at: datetime) -> None:
        """A sweep ended then."""
        self.states.swept(scope, sweep, at)

    def known(self) -> tuple[Scope, ...]:
        """The regions of other accounts, if they can be read."""
        if self.lost:
            raise UnavailableError("dynamodb:Query on the state: no answer")
        return self.scopes

    def run(self, *accounts: str, regions: tuple[str, ...] = ()) -> SurveyReport:
        """The survey of a person."""
        notebook = {"NotebookInstanceName": "own"}
        answer = {
            **notebook,
            "NotebookInstanceArn": f"{ARN}notebook-instance/own",
            "NotebookInstanceStatus": "InService",
            "InstanceType": "ml.m5.xlarge",
            "VolumeSizeInGB": 5,
        }
        reads = CannedReads({"ListNotebookInstances": [notebook]}, {("DescribeNotebookInstance", "own"): answer})
        own = Survey(
            kinds=(Notebooks(),),
            api_of=lambda _: reads,
            metrics_of=lambda _: PublishedMetrics(),
            prices=InMemoryPrices({"us-east-1": BOOK}),
            owner_tag_keys=("owner",),
            clock=lambda: NOW,
            progress=lambda _step: None,
        )
        others = OtherAccounts(
            scopes=self.known,
            states=self.states,
            standing=lambda scope: self.sessions.get(scope, {}),
            notebooks=lambda scope: self.notebooks.get(scope, {}),
            prices=InMemoryPrices({"us-east-1": BOOK}),
            clock=lambda: NOW,
            progress=lambda _step: None,
        )
        survey = AccountsSurvey(
            own=own, regions=["us-east-1"], only=regions, home=self.home, others=others if self.hub else None
        )
        return survey.run(accounts)


def names(report: SurveyReport) -> list[str]:
    """What was found, in order."""
    return [each.resource.name for each in report.found]


def test_all_accounts_are_in_one_list_with_the_most_expensive_first() -> None:
    """Own resources are as of now, the others as of their sweep."""
    report = Hub().run()

    assert names(report) == ["e", "n", "own"]
    assert [each.as_of for each in report.found] == [NOW - 10 * MINUTE, NOW - 10 * MINUTE, NOW]
    assert report.problems == []


def test_accounts_without_a_sweep_and_those_of_an_old_one_are_named() -> None:
    """Each of its regions too: what is missing is never left out without a word."""
    hub = Hub()
    hub.swept(THERE, Sweep.RESOURCES, NOW - timedelta(days=2))

    quiet = "were never swept, so the list may lack some."
    assert hub.run().notes == [
        "Your own account is read now, other accounts are as their sweeps found them.",
        f"Account {THEIRS} (us-east-1): endpoints, Studio and others as of the sweep of 2026-11-27 09:20 UTC.",
        f"Account {THEIRS} (eu-west-1): endpoints, Studio and others as of 2026-11-25 09:30 UTC, 2 d ago. {SEE}",
        f"Account {SILENT} (us-east-1): endpoints, Studio and others {quiet}",
        f"Account {THEIRS} (us-east-1): notebook instances as of the sweep of 2026-11-27 09:20 UTC.",
        f"Accounts {THEIRS} (eu-west-1), {SILENT} (us-east-1): notebook instances {quiet}",
    ]


def test_sweeps_at_different_times_are_one_sentence() -> None:
    """From the first to the last; one that is exactly a day old is not old yet."""
    swept: Swept = {(HERE, Sweep.RESOURCES): NOW - timedelta(days=1), (QUIET, Sweep.RESOURCES): NOW - MINUTE}
    first, *_ = ages([QUIET, HERE], swept, NOW)

    assert first == (
        f"Accounts {THEIRS} (us-east-1), {SILENT} (us-east-1): endpoints, Studio and others as of the sweeps from "
        "2026-11-26 09:30 UTC to 2026-11-27 09:29 UTC."
    )


def test_a_person_may_ask_for_some_accounts_and_regions() -> None:
    """The own account is then not read unless it is one of them."""
    assert names(Hub().run(THEIRS)) == ["e", "n"]
    assert Hub().run(THEIRS).notes[0] == "Other accounts are as their sweeps found them."
    assert names(Hub().run(OWN)) == ["own"]
    assert names(Hub().run(OWN, THEIRS)) == ["e", "n", "own"]
    assert names(Hub().run(SILENT)) == []
    assert names(Hub().run(THEIRS, regions=("eu-west-1",))) == []
    with pytest.raises(SettingsError, match="account 999999999999 is not known"):
        Hub().run("999999999999")


def test_what_cannot_be_read_is_named_and_hides_nothing_else() -> None:
    """An item of one session, and the list of the accounts."""
    hub = Hub()
    hub.sessions[HERE] = {"e": part("e/A"), "x": UnreadableError("stored session x: KeyError")}
    report = hub.run()
    lost = Hub(lost=True).run()

    assert (names(report), report.problems) == (["e", "n", "own"], ["stored session x: KeyError"])
    assert names(lost) == ["own"]
    assert lost.problems == ["other accounts: dynamodb:Query on the state: no answer"]


def test_a_stack_of_one_account_has_no_notes_and_no_times() -> None:
    """Its list is what it was before there were hubs."""
    report = Hub(hub=False).run()

    assert (names(report), report.notes, report.problems) == (["own"], [], [])
    assert [each.as_of for each in report.found] == [None]
    assert names(Hub(hub=False, home=None).run(OWN)) == ["own"]


def test_a_hub_that_knows_no_other_account_says_so() -> None:
    """No event has come yet."""
    assert Hub(scopes=()).run().notes == [
        "No other account is known: no event has come from one, and SpokeAccounts names none."
    ]
