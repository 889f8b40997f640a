"""What is picked out of a log."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.diagnostics.failure_log import NO_LOG, JobLog, read_log
from sagewatch.diagnostics.log.excerpt import MOST_CHARACTERS, MOST_LINES
from sagewatch.diagnostics.ports import LogEvent

TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "train.py", line 41, in main',
    "    loss.backward()",
    "RuntimeError: CUDA error: device-side assert triggered",
)


def events(lines: Sequence[str], at: int | None = None) -> Sequence[LogEvent]:
    """What CloudWatch holds of these lines, all of one time."""
    return [LogEvent(line, at) for line in lines]


def read_hosts(hosts: Sequence[Sequence[str]], own: str | None = None) -> JobLog:
    """What is shown of several hosts' logs."""
    written = {f"algo-{number}-1": lines for number, lines in enumerate(hosts, 1)}
    return read_log(list(written), lambda name: events(written[name]), own)


def read(*lines: str, own: str | None = None) -> list[str]:
    """The lines that are shown of one host's log."""
    return (read_hosts([lines], own).text or "").splitlines()


def test_the_last_traceback_is_shown_from_its_beginning_to_its_exception() -> None:
    """What was survived before, and what the toolkit adds behind, is left out."""
    survived = ("Traceback (most recent call last):", "ValueError: no cache yet")
    after = ("2026-11-25 10:31:22 sagemaker-training-toolkit ERROR    Reporting training FAILURE",)

    assert read("epoch 1", *survived, "epoch 2", *TRACEBACK, *after) == list(TRACEBACK)


@pytest.mark.parametrize("prefix", ["[1,mpirank:3,algo-1]<stderr>:", "[rank0]: "])
def test_a_ranks_traceback_is_told_from_the_others_lines(prefix: str) -> None:
    """Distributed launchers put a prefix before every line."""
    mine = [f"{prefix}{line}" for line in TRACEBACK]
    mixed = [line for pair in zip(mine, [f"[other]: step {n}" for n in range(4)], strict=True) for line in pair]

    assert read(*mixed) == list(TRACEBACK)


@pytest.mark.parametrize(
    "fatal", ["Killed", "Out of memory: Killed process 42 (python)", "Segmentation fault (core dumped)"]
)
def test_what_the_kernel_says_last_is_worth_more_than_a_traceback_before(fatal: str) -> None:
    """That one was survived."""
    assert read(*TRACEBACK, "epoch 2", fatal)[-1] == fatal


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-25 10:31:22,123 ERROR could not open features.parquet",
        "java.lang.IllegalStateException: no partitions",
        "Error: unknown option",
        "CUDA out of memory. Tried to allocate 2.31 GiB",
        "OSError: [Errno 28] No space left on device",
    ],
)
def test_without_a_traceback_the_last_error_is_shown_with_what_stands_around_it(line: str) -> None:
    """Five lines before and five after."""
    before, after = [f"before {n}" for n in range(9)], [f"after {n}" for n in range(9)]

    assert read(*before, line, *after) == [*before[-5:], line, *after[:5]]


def test_without_an_error_the_last_lines_are_shown() -> None:
    """They are all there is."""
    assert read(*(f"epoch {n}" for n in range(30))) == [f"epoch {n}" for n in range(20, 30)]


def test_hosts_are_read_in_a_bounded_number_of_calls() -> None:
    """Five at most; one that holds the cause is found among them."""
    asked: list[str] = []

    def tail(stream: str) -> Sequence[LogEvent]:
        asked.append(stream)
        return events(TRACEBACK if stream == "algo-2" else ["quiet"])

    assert read_log(["algo-1", "algo-2", "algo-3"], tail, None).text == "\n".join(TRACEBACK)
    assert asked == ["algo-1", "algo-2", "algo-3"]
    asked.clear()
    assert read_log([f"algo-{number}" for number in range(3, 13)], tail, None).text == "quiet"
    assert len(asked) == 5


@pytest.mark.parametrize(("later", "both"), [(60_000, False), (500, True), (None, True)])
def test_of_two_causes_the_host_that_ended_first_is_shown(later: int | None, *, both: bool) -> None:
    """Two that ended together, or at unknown times, are both shown with their source."""
    start = 1_764_066_682_000

    def tail(stream: str) -> Sequence[LogEvent]:
        at = None if later is None else start + (later if stream == "algo-1" else 0)
        return events([*TRACEBACK[:-1], f"ValueError: {stream}'s error"], at)

    text = read_log(["algo-1", "algo-3"], tail, None).text or ""

    assert "algo-3's error" in text
    assert [("algo-1's error" in text), ("[algo-3]" in text)] == [both, both]


def test_the_host_that_another_blames_is_read_next() -> None:
    """The others lost their peer; it knows why."""
    lost = [
        TRACEBACK[0],
        "torch.distributed.DistBackendError: NCCL error: Connection closed by remote peer algo-4<42830>",
    ]
    written = {"algo-1": lost, "algo-2": lost, "algo-3": lost, "algo-4": list(TRACEBACK)}

    assert read_log(list(written), lambda name: events(written[name]), None).text == "\n".join(TRACEBACK)


def test_two_causes_that_weigh_the_same_are_both_shown_with_their_streams() -> None:
    """Their order is unknown."""
    text = read_hosts([["ERROR: no disk"], ["ERROR: no route"]]).text or ""

    assert "[algo-1-1]" in text
    assert "ERROR: no disk" in text
    assert "[algo-2-1]" in text
    assert "ERROR: no route" in text


@pytest.mark.parametrize("tails", [[], [()], [("", "  ", "\n\n")], [("\r\r", "\x1b[0m")]])
def test_a_log_that_says_nothing_is_no_log(tails: list[tuple[str, ...]]) -> None:
    """Nothing to show, and no trouble either."""
    assert read_hosts(tails) == NO_LOG


def test_what_a_terminal_would_not_show_is_left_out() -> None:
    """Colours, titles, progress bars, control characters and what turns text around."""
    lines = (
        "\x1b[31mred\x1b[0m and \x1b]0;title\x07plain",
        " 10%|█         | 1/10 [00:01<00:09]\r 20%|██        | 2/10 [00:02<00:08]",
        "loading\rloaded\r",
        "a\x00b\x08c\u202egnp.exe\u200b",
    )

    assert read(*lines) == ["red and plain", "loaded", "abcgnp.exe"]


def test_the_environment_is_left_out() -> None:
    """The toolkit writes all of it, hyperparameters included."""
    lines = ("Environment variables:", 'SM_HPS={"customer":"acme"}', "SM_HP_LR=0.1", "Invoking script", "start")

    assert read(*lines) == ["Invoking script", "start"]


def test_secrets_and_other_peoples_addresses_are_masked_before_anything_is_picked() -> None:
    """A key may begin outside of what is shown."""
    key = ("-----BEGIN PRIVATE KEY-----", *(["MIIE"] * 30), "-----END PRIVATE KEY-----")
    lines = (*key, "ERROR token=abcdefghij of bo@example.com, not ana@example.com")

    assert read(*lines, own="ana@example.com") == [
        "[redacted]",
        "ERROR token=[redacted] of [redacted], not ana@example.com",
    ]


def test_a_long_traceback_keeps_its_head_and_its_end() -> None:
    """Its end says most."""
    deep = [f'  File "m.py", line {n}, in f' for n in range(50)]
    shown = read(TRACEBACK[0], *deep, "RecursionError: maximum recursion depth exceeded")

    assert len(shown) == MOST_LINES
    assert (shown[0], shown[1], shown[-1]) == (TRACEBACK[0], "…", "RecursionError: maximum recursion depth exceeded")


def test_an_event_may_have_many_lines() -> None:
    """And they count as many."""
    assert read("epoch 1\n" + "\n".join(TRACEBACK)) == list(TRACEBACK)


@given(st.lists(st.text(max_size=400), max_size=30))
def test_whatever_a_log_holds_what_is_shown_is_short(lines: list[str]) -> None:
    """Within Block Kit's limits."""
    text = read_hosts([[*lines, "ERROR x" * 900]]).text or ""

    assert 0 < len(text) <= MOST_CHARACTERS
    assert text.count("\n") < MOST_LINES
