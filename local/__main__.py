"""The commands behind make: demo, up, down, invoke."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from samcli.yamlhelper import yaml_dump, yaml_parse

from local.demo.day import a_day
from local.demo.notebook_day import a_team, decisions, press_buttons, start_notebooks
from local.demo.player import PlayedJob, Stage, get_json
from local.demo.rough_hour import a_rough_hour, begin, what_runs
from local.demo.second_sink import delivery_to_terminal, drain, slack_paused, two_failures
from local.demo.standing import messages_about_resources, press_and_confirm, put_standing
from local.demo.terminal import ledger_table, message_panel, notebook_table, totals
from local.stack.cloud import ROOT, LocalCloud, unknown_parameters
from local.stack.docker_bridge import reachable_from_containers
from local.stack.processes import CloudError
from local.terminal_sink.channel import TerminalChannel

_HOME = ROOT / ".local"
_SETTLED_SECONDS = 60
_DEMO = ("Mode=enforce", "WarnMinutes=0", "MonthlyBudgets=chi@example.com=60,*=100000")
_INTERRUPTED = 130  # a shell's exit code for a program that Ctrl-C ended


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    console = Console(stderr=False)
    options = _options(arguments)
    try:
        code: int = options.command(console, options)
    except CloudError as exc:
        console.print(f"[red]{exc}", markup=True, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Everything that was started has been stopped.")
        return _INTERRUPTED
    return code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def demo(console: Console, options: argparse.Namespace) -> int:
    """Play a day in an ML team on a new local cloud, show Slack and the ledger, and clean up."""
    del options
    cloud = _set_up(console, _HOME / f"demo-{os.getpid()}", _DEMO)
    try:
        jobs = a_day()
        settled, rows = _play(console, Stage(cloud.env()), cloud, jobs)
        rough = _play_rough_hour(console, Stage(cloud.env()), cloud)
        idle = _play_notebooks(console, Stage(cloud.env()), cloud)
        standing = _play_standing(console, Stage(cloud.env()), cloud)
        digest = _play_digest(console, Stage(cloud.env()), cloud)
        printed = _play_without_slack(console, Stage(cloud.env()), cloud)
        rows = Stage(cloud.env()).ledger()
        console.rule("7. The ledger: what every job cost")
        console.print(ledger_table(rows), totals(rows), sep="\n")
        missing = {job.name for job in jobs} - {row["resource_name"] for row in rows}
    finally:
        with _step(console, "Cleaning up"):
            cloud.stop()
    if missing:
        console.print(f"[red]Missing in the ledger: {', '.join(sorted(missing))}")
    arrived = settled and rough and idle and digest and printed
    if not arrived:
        console.print(f"[red]Some messages had not arrived after {_SETTLED_SECONDS} s.")
    return 0 if arrived and standing and not missing else 1


def up(console: Console, options: argparse.Namespace) -> int:
    """Start the local cloud, or reuse a running one, and deploy to it."""
    for name in unknown_parameters(options.parameters):
        console.print(f"[yellow]Ignored {name}: the template has no such parameter.", highlight=False)
    cloud = _set_up(console, _HOME / "up", options.parameters)
    link = _HOME / "env"
    link.write_text(cloud.write_env().read_text(encoding="utf-8"), encoding="utf-8")
    console.print(f"Open Slack in your browser: {cloud.slack_url}/", highlight=False)
    console.print(
        f"Deployed. Addresses are in {link.relative_to(ROOT)}. `make down` stops the local cloud.", highlight=False
    )
    return 0


def down(console: Console, options: argparse.Namespace) -> int:
    """Stop the local cloud that ``up`` started."""
    del options
    cloud = LocalCloud.find(_HOME / "up")
    if cloud is None:
        console.print("No local cloud is running.")
        return 0
    with _step(console, "Stopping"):
        cloud.stop()
    (_HOME / "env").unlink(missing_ok=True)
    return 0


def invoke(console: Console, options: argparse.Namespace) -> int:
    """Run RecordJob in Docker on an event, against the running local cloud."""
    del console
    cloud = LocalCloud.find(_HOME / "up")
    if cloud is None or not cloud.runs:
        raise CloudError("No local cloud is running. Start one with `make up`.")
    with reachable_from_containers([cloud.ports.aws, cloud.ports.sagemaker]) as host:
        seen = {name: value.replace("127.0.0.1", host) for name, value in cloud.function_env("RecordJob").items()}
        template, variables = _for_sam_local(cloud.home, "RecordJob", seen)
        command = [
            *("sam", "local", "invoke", "RecordJob", "-e", str(options.event), "--skip-pull-image"),
            *("--env-vars", str(variables), "--template", str(template)),
        ]
        return subprocess.run(command, cwd=ROOT, env=cloud.process_env(), check=False).returncode


def _for_sam_local(home: Path, function: str, variables: Mapping[str, str]) -> tuple[Path, Path]:
    """Write the environment file, and the built template that declares each variable, because sam passes no others."""
    template = yaml_parse((home / "build" / "template.yaml").read_text(encoding="utf-8"))
    template["Resources"][function]["Properties"]["Environment"] = {"Variables": dict.fromkeys(variables, "")}
    built, environment = home / "build" / "invoke.yaml", home / "invoke.json"
    built.write_text(yaml_dump(template), encoding="utf-8")
    environment.write_text(json.dumps({function: variables}), encoding="utf-8")
    return built, environment


def _set_up(console: Console, home: Path, overrides: Sequence[str]) -> LocalCloud:
    cloud = LocalCloud.find(home)
    if cloud is not None and not cloud.runs:
        cloud.stop()
        cloud = None
    started = cloud is None
    if cloud is None:
        with _step(console, "Starting MiniStack, SageMaker and Slack"):
            cloud = LocalCloud.start(home)
    try:
        with _step(console, "Building the application (sam build)"):
            cloud.put_secrets()
            cloud.build()
        with _step(console, "Deploying the stack (sam deploy)"):
            cloud.deploy(overrides)
        with _step(console, "Warming the functions"):
            cloud.warm()
    except BaseException:
        if started:
            cloud.stop()
        raise
    return cloud


@contextmanager
def _step(console: Console, name: str) -> Iterator[None]:
    begun = time.monotonic()
    with console.status(f"{name} ..."):
        yield
    console.print(f"[green]done[/] {name} [dim]{time.monotonic() - begun:.1f} s", highlight=False)


def _play(
    console: Console, stage: Stage, cloud: LocalCloud, jobs: Sequence[PlayedJob]
) -> tuple[bool, list[dict[str, Any]]]:
    """Play the jobs and show each message as it arrives. Returns whether all arrived, and the ledger's rows."""
    console.rule(f"1. {len(jobs)} jobs run: the messages in #sagewatch")
    shown: set[str] = set()
    with console.status("") as status:
        for number, job in enumerate(jobs, 1):
            status.update(f"job {number} of {len(jobs)}: {job.kind} {job.name}")
            stage.play(job)
            _show_new(console, cloud, shown)
        status.update("waiting for the last rows and messages")
        reported = sum(not job.lost for job in jobs)
        settled = _settles(console, stage, cloud, shown, reported)
        status.update("SweepJobs looks for jobs whose events were lost")
        swept = stage.sweep()
        settled = _settles(console, stage, cloud, shown, len(jobs)) and settled
    console.rule(f"SweepJobs found {swept['recorded']} ended jobs whose events were lost")
    return settled, stage.ledger()


def _play_rough_hour(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Play jobs that fail in bulk and jobs that run too long. Returns whether all messages arrived."""
    console.rule("2. A rough hour: a tuning job fails, a data lake denies access, one job hangs, one waits")
    shown = {message["ts"] for message in get_json(f"{cloud.slack_url}/messages")}
    hung, waiting = running = what_runs()
    begin(stage, running)
    with console.status("jobs fail, and SweepJobs checks the running ones"):
        for job in a_rough_hour():
            stage.play(job)
        stage.sweep()
        settled = _wait_for(stage.quiet, lambda: _show_new(console, cloud, shown))
        for job in (hung, waiting):
            stage.finish(job)
        stage.sweep()
        return _wait_for(stage.quiet, lambda: _show_new(console, cloud, shown)) and settled


def _play_notebooks(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Sweep over a team's notebooks twice: the second sweep is after the warning time, which is 0 here.

    Buttons are pressed in between. Returns whether all messages arrived.
    """
    team = a_team()
    console.rule(
        f"3. SweepNotebooks checks {len(team)} notebooks: it warns about idle ones, and the next sweep stops them"
    )
    shown = {message["ts"] for message in get_json(f"{cloud.slack_url}/messages")}
    start_notebooks(stage, team)
    settled = _wait_for(stage.quiet, lambda: None)
    with console.status("SweepNotebooks checks the notebooks in service"):
        for last in (False, True):
            swept = stage.invoke("SweepNotebooks", {})
            settled = _wait_for(stage.quiet, lambda: None) and settled
            if not last:
                press_buttons(cloud.slack_url, team)
                settled = _wait_for(stage.quiet, lambda: None) and settled
            _show_new(console, cloud, shown)
            console.print(
                f"decisions: {_counts(swept['verdicts'])}; stops: {_counts(swept['stops'])}",
                style="dim",
                highlight=False,
            )
    console.print(notebook_table(team, decisions(stage, cloud.outputs()["WatchStateName"])))
    return settled


def _play_standing(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Let SweepResources find what bills, and show it as ``make now`` does. Returns whether each was found."""
    console.rule("4. SweepResources finds what bills until a person ends it, and `make now` lists it")
    with console.status("SweepResources reads endpoints, apps, servers and clusters"):
        count = put_standing(stage)
        swept = stage.invoke("SweepResources", {})
        listed = subprocess.run(
            [sys.executable, "-m", "tools.operator.now", "--stack", cloud.env()["STACK_NAME"]],
            cwd=ROOT,
            env=cloud.process_env() | {"COLUMNS": str(console.width)},
            capture_output=True,
            text=True,
            check=False,
        )
    console.print(listed.stdout, highlight=False, markup=False)
    console.print(f"{swept.get('found')} resources, {swept.get('begun')} sessions begun", style="dim", highlight=False)
    return _play_idle(console, stage, cloud) and bool(swept.get("found", 0) >= count)


def _play_idle(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Show the messages about what is idle, and what their buttons do. Returns whether all of it arrived."""
    shown: set[str] = set()
    with console.status("Slack has a message about each idle resource; Canvas is deleted after its warning"):
        settled = _wait_for(stage.quiet, lambda: None)
        stage.invoke("SweepResources", {})
        settled = _wait_for(stage.quiet, lambda: None) and settled
        pressed = press_and_confirm(cloud.slack_url, "delete_endpoint", "churn-demo", "U0BO")
        settled = _wait_for(stage.quiet, lambda: None) and settled
        others = {message["ts"] for message in get_json(f"{cloud.slack_url}/messages")}
        shown |= others - {message["ts"] for message in messages_about_resources(cloud.slack_url)}
        _show_new(console, cloud, shown)
        console.print("Bo presses Restore, and confirms", style="dim")
        pressed = press_and_confirm(cloud.slack_url, "restore_endpoint", "churn-demo", "U0BO") and pressed
        settled = _wait_for(stage.quiet, lambda: None) and settled
        shown -= {each["ts"] for each in messages_about_resources(cloud.slack_url) if "churn-demo" in each["text"]}
        _show_new(console, cloud, shown)
    return settled and pressed


def _play_digest(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Request the digest of the seven days until today, then run the schedule, which also checks budgets."""
    console.rule("5. The digest of the seven days until today")
    shown = {message["ts"] for message in get_json(f"{cloud.slack_url}/messages")}
    before = len(shown)
    with console.status("SendDigest adds up, draws its chart and uploads it"):
        asked = stage.invoke("SendDigest", {"period": "weekly", "day": f"{datetime.now(UTC):%Y-%m-%d}"})
        stage.invoke("SendDigest", {"period": "scheduled", "at": datetime.now(UTC).isoformat()})
        settled = _wait_for(stage.quiet, lambda: _show_new(console, cloud, shown))
    console.print(f"digest {asked.get('effect')}; chart: {asked.get('no_picture') or 'included'}", style="dim")
    return settled and len(shown) > before


def _play_without_slack(console: Console, stage: Stage, cloud: LocalCloud) -> bool:
    """Deliver the alerts of two more failures to a second sink: this terminal. Returns whether both were printed."""
    console.rule("6. The same alerts in another sink: this terminal instead of Slack")
    channel = TerminalChannel(console, lambda: datetime.now(UTC))
    with console.status("two more jobs fail"), slack_paused(stage):
        delivery = delivery_to_terminal(stage, cloud.env(), channel)
        for job in two_failures():
            stage.play(job)
        return _wait_for(lambda: channel.posts >= len(two_failures()), lambda: drain(stage, cloud.env(), delivery))


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in numbers.items()) or "none"


def _settles(console: Console, stage: Stage, cloud: LocalCloud, shown: set[str], rows: int) -> bool:
    return _wait_for(lambda: len(stage.ledger()) >= rows and stage.quiet(), lambda: _show_new(console, cloud, shown))


def _show_new(console: Console, cloud: LocalCloud, shown: set[str]) -> None:
    for message in get_json(f"{cloud.slack_url}/messages"):
        if message["ts"] not in shown:
            shown.add(message["ts"])
            console.print(message_panel(message))


def _wait_for(settled: Callable[[], bool], meanwhile: Callable[[], None]) -> bool:
    deadline = time.monotonic() + _SETTLED_SECONDS
    done = False
    while not done and time.monotonic() < deadline:
        done = settled()
        meanwhile()
        time.sleep(0.3)
    return done


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in (demo, up, down, invoke):
        sub = commands.add_parser(command.__name__, help=command.__doc__, description=command.__doc__)
        sub.set_defaults(command=command)
        if command is up:
            sub.add_argument("parameters", nargs="*", metavar="Name=value", help="template parameters to override")
        if command is invoke:
            sub.add_argument("event", type=Path, help="an event file, for example events/training-job-failed.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
