"""The objects of the operator's commands, with the caller's own credentials, for a stack with those ``values``.

The values are its parameters and outputs, by name. Those that are missing raise ``SettingsError``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegionReader, DynamoRegions, DynamoTotalStore
from sagewatch.adapters.redrive import DEAD_LETTER_QUEUES, SqsRedrive
from sagewatch.errors import SettingsError
from sagewatch.jobs.sweep import JobSweep
from sagewatch.jobs.sweep_run import SweepProgress
from sagewatch.ledger.queries import LedgerQueries
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.runtime.dead_letters import DeadLetterQueues
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.ports import SpokeStates
from sagewatch.spokes.sweep import scopes_of
from sagewatch.wiring.clients import PATIENT, client, home_region, now
from sagewatch.wiring.grouped import grouped_dynamodb
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.recording import make_job_recorder, make_job_sweep, make_parts
from sagewatch.wiring.scoped_clients import make_clients


def backfill(values: Mapping[str, str], progress: SweepProgress) -> JobSweep:
    """``make backfill``: the past of an account."""
    given = RecordingSettings.from_stack(values)
    plain, sqs = client("dynamodb", config=PATIENT), client("sqs", config=PATIENT)
    dynamodb = grouped_dynamodb(plain, ledger=given.cost_ledger, state=given.watch_state)
    clients = make_clients(given)
    parts = make_parts(given, dynamodb, sqs, clients, clients.patient_sagemaker)
    return make_job_sweep(parts, make_job_recorder(parts), home_region=home_region(), progress=progress)


def spending(values: Mapping[str, str], on_day: Callable[[str], None]) -> LedgerQueries:
    """``make costs``: what the stack's ledger says."""
    given = RecordingSettings.from_stack(values)
    dynamodb = client("dynamodb", config=PATIENT)
    return LedgerQueries(
        rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
        totals=DynamoTotalStore(dynamodb, given.watch_state),
        marks=DynamoStaleTotals(dynamodb, given.watch_state, now),
        on_day=on_day,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spokes:
    """What the stack knows of other accounts: how their sweeps went, where something was new, whom to sweep."""

    states: SpokeStates
    last_seen: Callable[[], Mapping[Scope, date]]
    scopes: Callable[[], Sequence[Scope]]


def spokes(values: Mapping[str, str]) -> Spokes:
    """``make spokes``: the regions of other accounts."""
    given, dynamodb = RecordingSettings.from_stack(values), client("dynamodb", config=PATIENT)
    regions = DynamoRegionReader(dynamodb, given.watch_state)
    scopes = partial(
        scopes_of,
        regions,
        home=given.account,
        home_region=home_region(),
        named_accounts=given.spoke_accounts,
        named_regions=given.regions,
    )
    states = DynamoSpokeStates(dynamodb, given.watch_state)
    return Spokes(states=states, last_seen=regions.last_seen, scopes=scopes)


def redrive(values: Mapping[str, str]) -> DeadLetterQueues:
    """``make redrive``: the stack's dead-letter queues."""
    missing = [name for name in DEAD_LETTER_QUEUES if name not in values]
    if missing:
        raise SettingsError(f"the stack has no output {missing[0]}")
    return SqsRedrive(client("sqs", config=PATIENT), values)


def meter(values: Mapping[str, str]) -> OpenSessionCosts:
    """``make costs ARGS=--open``: what notebooks have cost that is in no row yet."""
    given = RecordingSettings.from_stack(values)
    dynamodb = client("dynamodb", config=PATIENT)
    return OpenSessionCosts(
        sessions=DynamoSessions(dynamodb, given.watch_state, given.account),
        prices=make_prices(dynamodb, given.watch_state, given),
        regions=DynamoRegions(dynamodb, given.watch_state, now, given.regions, given.account),
        clock=now,
        home_region=home_region(),
    )
