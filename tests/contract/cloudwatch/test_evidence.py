"""The evidence port: a Jupyter on localhost, moto's logs, and a CloudWatch of our own, each behind the real client."""

import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sagewatch.adapters.cloudwatch.agent_evidence import AgentEvidence
from sagewatch.adapters.cloudwatch.log_evidence import LogEvidence
from sagewatch.adapters.jupyter.client import JupyterEvidence, checked_address
from sagewatch.errors import UnavailableError
from sagewatch.formatting import clock_time
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW
from tests.worlds.servers import answering_metrics

TOKEN, COOKIE = "eyJ0b2tlbi0x", "c2Vzc2lvbi0x"
COOKIES = {"Set-Cookie": f"_xsrf={COOKIE}x; Path=/, username-nb={COOKIE}; Path=/; HttpOnly; Secure"}
JSON = {"Content-Type": "application/json; charset=UTF-8"}
PAGE = {"Content-Type": "text/html"}
KERNEL = {"id": "1", "name": "python3", "last_activity": "2026-11-20T09:12:00Z", "connections": 0}
IDLE = [KERNEL | {"execution_state": "idle"}]
BUSY = [KERNEL | {"execution_state": "busy"}]
LOOKBACK = timedelta(hours=6)
LONG_AGO = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)


def a_notebook(**changes: Any) -> Notebook:
    """A notebook instance that has been in service for days."""
    known: dict[str, Any] = {
        "name": "nb",
        "arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/nb",
        "account": ACCOUNT,
        "region": "us-east-1",
        "status": NotebookStatus.IN_SERVICE,
        "instance_type": "ml.t3.medium",
        "modified_at": NOW - timedelta(days=3),
    }
    return Notebook(**(known | changes))


@dataclass
class Answer:
    """What the server answers a path with."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    body: bytes = b"[]"
    pause: float = 0  # seconds between one byte and the next, from the first on
    silent: bool = False


def answer(content: object, **changes: Any) -> Answer:
    """In JSON."""
    return Answer(body=json.dumps(content).encode(), **changes)


@dataclass
class Jupyter:
    """A notebook's server: what it answers, and what it was asked."""

    answers: dict[str, Answer] = field(
        default_factory=lambda: {
            "/": Answer(302, COOKIES | {"Location": "/lab"}),
            "/api/kernels": answer(IDLE),
            "/api/terminals": answer([]),
        }
    )
    date: datetime = NOW
    asked: list[tuple[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    url: str = ""

    def write(self, to: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        self.asked.append((to.path, to.headers.get("Cookie", "")))
        found = self.answers.get(to.path.partition("?")[0], Answer(404))
        if found.silent:
            self.over.wait(10)
            return
        headers = {"Date": format_datetime(self.date, usegmt=True), **found.headers}
        lines = [f"{name}: {value}" for name, text in headers.items() for value in _values(name, text)]
        head = "\r\n".join([f"HTTP/1.1 {found.status} -", *lines, f"Content-Length: {len(found.body)}", "", ""])
        whole = head.encode() + found.body
        for start in range(0, len(whole), 1) if found.pause else [None]:
            to.wfile.write(whole if start is None else whole[start : start + 1])
            if found.pause and self.over.wait(found.pause):
                return


def _values(name: str, text: str) -> list[str]:
    return text.split(", ") if name == "Set-Cookie" else [text]


def _handler(jupyter: Jupyter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:
            """Answer, unless the client has closed the connection."""
            try:
                jupyter.write(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def jupyter() -> Iterator[Jupyter]:
    """A server whose only kernel has been idle since long ago."""
    fake = Jupyter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    fake.url = f"http://127.0.0.1:{server.server_port}?authToken={TOKEN}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield fake
    fake.over.set()
    server.shutdown()
    server.server_close()


def a_client(service: str, url: str | None = None) -> Any:
    """A real client."""
    return boto3.client(  # type: ignore[call-overload] # by name
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )


def presigning(url: str) -> Callable[[str], Any]:
    """SageMaker, which moto has no such call of: botocore's stub holds request and answer to the service model."""
    client = a_client("sagemaker", "http://127.0.0.1:1")
    stub = Stubber(client)
    asked = {"NotebookInstanceName": "nb", "SessionExpirationDurationInSeconds": 1800}
    stub.add_response("create_presigned_notebook_instance_url", {"AuthorizedUrl": url}, asked)
    stub.activate()
    return lambda _: client


def look(jupyter: Jupyter, seconds: float = 5) -> Reading:
    """Ask Jupyter."""
    return JupyterEvidence(presigning(jupyter.url), seconds).read(a_notebook(), NOW, NOW - LOOKBACK)


def test_jupyter_is_asked_with_the_cookies_and_without_being_kept_awake(jupyter: Jupyter) -> None:
    """The page it redirects to is not loaded."""
    assert look(jupyter) == Idle(Source.JUPYTER, LONG_AGO, "no kernel has run since 09:12 UTC")

    [opening, *asked] = jupyter.asked
    assert opening == (f"/?authToken={TOKEN}", "")
    assert [path for path, _ in asked] == [
        "/api/kernels?no_track_activity=1",
        "/api/terminals?no_track_activity=1",
        "/api/contents/sagewatch-activity.json?type=file&format=text&content=1&no_track_activity=1",
    ]
    assert {cookies for _, cookies in asked} == {f"_xsrf={COOKIE}x; username-nb={COOKIE}"}


def test_a_busy_kernel_is_active_and_disabled_terminals_are_none(jupyter: Jupyter) -> None:
    """404 is how Jupyter says that it has no terminals."""
    jupyter.answers |= {"/api/kernels": answer(BUSY), "/api/terminals": Answer(404, PAGE)}

    assert look(jupyter) == Active(Source.JUPYTER, None, "kernel python3 is busy")


def test_redirects_on_the_same_host_are_followed_until_there_are_cookies(jupyter: Jupyter) -> None:
    """Two at the most."""
    jupyter.answers |= {
        "/": Answer(302, {"Location": "/a"}),
        "/a": Answer(302, {"Location": f"{jupyter.url.partition('?')[0]}/b"}),
        "/b": Answer(303, COOKIES | {"Location": "/lab"}),
    }
    assert isinstance(look(jupyter), Idle)

    jupyter.answers["/b"] = Answer(302, {"Location": "/c"})
    jupyter.answers["/c"] = Answer(302, COOKIES)
    assert look(jupyter) == Unknown(Source.JUPYTER, "it set no cookie")


SIGN_IN = "it asks for a sign-in"
NOT_JSON = "it answered with a page instead of JSON"


@pytest.mark.parametrize(
    ("path", "found", "reason"),
    [
        ("/", Answer(302, {"Location": "https://signin.aws.amazon.com/?x=1"}), SIGN_IN),
        ("/", Answer(200, PAGE, b"<html>sign in</html>"), "it set no cookie"),
        ("/", Answer(403, COOKIES), "it refused the check (HTTP 403)"),
        ("/", Answer(503, PAGE), "Jupyter answered HTTP 503"),
        ("/api/kernels", Answer(302, {"Location": "https://signin.aws.amazon.com/"}), SIGN_IN),
        ("/api/kernels", Answer(302, {"Location": "/login?next=%2Fapi%2Fkernels"}), SIGN_IN),
        ("/api/kernels", Answer(200, PAGE, b"<html>sign in</html>"), NOT_JSON),
        ("/api/kernels", Answer(200, {}, b"[]"), NOT_JSON),
        ("/api/kernels", Answer(401), "it refused the check (HTTP 401)"),
        ("/api/kernels", Answer(403), "it refused the check (HTTP 403)"),
        ("/api/kernels", Answer(404), "Jupyter answered HTTP 404"),
        ("/api/kernels", Answer(503), "Jupyter answered HTTP 503"),
        ("/api/kernels", Answer(200, JSON, b"[{"), "Jupyter's JSON cannot be read"),
        ("/api/kernels", Answer(200, JSON, b""), "Jupyter's JSON cannot be read"),
        ("/api/kernels", Answer(200, JSON, b"[" * 900_000), "Jupyter's JSON cannot be read"),
        ("/api/kernels", Answer(200, JSON, b"\xff\xfe\xff"), "Jupyter's JSON cannot be read"),
        ("/api/kernels", Answer(200, JSON, b" " * 3_000_000), "Jupyter's answer is longer than any list of kernels"),
        ("/api/kernels", Answer(200, JSON, b"{}"), "Jupyter's list of kernels or terminals cannot be read"),
        ("/api/terminals", Answer(200, PAGE, b"<html>sign in</html>"), NOT_JSON),
        ("/api/terminals", Answer(403), "it refused the check (HTTP 403)"),
        ("/api/terminals", Answer(500), "Jupyter answered HTTP 500"),
    ],
)
def test_whatever_is_no_answer_is_unknown(jupyter: Jupyter, path: str, found: Answer, reason: str) -> None:
    """Never idle, as a page to sign in on has no busy kernels either."""
    jupyter.answers[path] = found

    assert look(jupyter) == Unknown(Source.JUPYTER, reason)


@pytest.mark.parametrize("path", ["/", "/api/kernels", "/api/terminals"])
@pytest.mark.parametrize("found", [Answer(silent=True), Answer(200, COOKIES, b"x" * 900, pause=0.1)])
def test_a_server_that_hangs_or_trickles_costs_the_time_of_one_look(jupyter: Jupyter, path: str, found: Answer) -> None:
    """A slow answer ends in time, although each byte of its header or body restarts the socket's timeout."""
    jupyter.answers[path] = found
    began = time.monotonic()

    assert look(jupyter, 0.4) == Unknown(Source.JUPYTER, "no answer within 0.4 s")
    assert time.monotonic() - began < 60  # the server would take longer
    for thread in [thread for thread in enumerate_threads() if thread.name == "jupyter-look"]:
        thread.join()


@pytest.mark.parametrize(
    ("ahead", "since"),
    [
        (timedelta(0), LONG_AGO),
        (timedelta(seconds=1), LONG_AGO),
        (timedelta(minutes=14), LONG_AGO - timedelta(minutes=14)),
        (-timedelta(minutes=14), LONG_AGO + timedelta(minutes=14)),
    ],
)
def test_what_jupyters_clock_is_off_by_is_taken_off(jupyter: Jupyter, ahead: timedelta, since: datetime) -> None:
    """By the Date of its own answer."""
    jupyter.date = NOW + ahead
    found = look(jupyter)

    assert isinstance(found, Idle)
    assert found.since
    assert abs(found.since - since) < timedelta(seconds=1)


@pytest.mark.parametrize("ahead", [timedelta(hours=6), -timedelta(minutes=20)])
def test_a_clock_that_is_off_by_much_tells_no_time(jupyter: Jupyter, ahead: timedelta) -> None:
    """A kernel that ran a minute ago would have idled for hours."""
    jupyter.date = NOW + ahead
    found = look(jupyter)

    assert isinstance(found, Unknown)
    assert "its clock differs by" in found.reason


@pytest.mark.parametrize("date", ["yesterday", "", "Fri, 20 Nov 2026 12:00:00 -0000"])
def test_a_date_nobody_can_read_corrects_nothing(jupyter: Jupyter, date: str) -> None:
    """Nor does one without a zone."""
    jupyter.answers["/api/kernels"].headers = JSON | {"Date": date}

    assert look(jupyter) == Idle(Source.JUPYTER, LONG_AGO, "no kernel has run since 09:12 UTC")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9?authToken=" + TOKEN, "http://[", "", "http://127.0.0.1:9?a b\n"])
def test_nobody_there_and_no_url_are_unknown(url: str) -> None:
    """With the name of what went wrong, and not where."""
    found = JupyterEvidence(presigning(url)).read(a_notebook(), NOW, NOW - LOOKBACK)

    assert isinstance(found, Unknown)
    assert re.fullmatch(r"no usable answer \(\w+\)", found.reason)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: sagemaker:CreatePresignedNotebookInstanceUrl"),
        ("ThrottlingException", "Rate exceeded"),
        ("ValidationException", "Status (Stopping) not in ([InService])."),
    ],
)
def test_what_sagemaker_refuses_is_unknown_with_its_sentence(code: str, message: str) -> None:
    """A missing permission, or a notebook that is not in service."""
    client = a_client("sagemaker")
    stub = Stubber(client)
    stub.add_client_error("create_presigned_notebook_instance_url", code, message, 400)
    stub.activate()
    found = JupyterEvidence(lambda _: client).read(a_notebook(), NOW, NOW - LOOKBACK)

    assert found == Unknown(Source.JUPYTER, f"sagemaker:CreatePresignedNotebookInstanceUrl of nb: {code}: {message}")


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_file_of_programs_that_jupyter_does_not_give_is_unknown(jupyter: Jupyter, status: int) -> None:
    """A program may run: only a file that is not there says that the script is not installed."""
    jupyter.answers["/api/contents/sagewatch-activity.json"] = Answer(status)

    assert isinstance(look(jupyter), Unknown)


def test_a_server_without_a_certificate_we_trust_learns_no_token(jupyter: Jupyter, tmp_path: Path) -> None:
    """It might be anybody's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(9), NOW + timedelta(99))
    certificate = tmp_path / "both.pem"
    certificate.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(jupyter))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    jupyter.url = f"https://127.0.0.1:{server.server_port}?authToken={TOKEN}"

    assert look(jupyter) == Unknown(Source.JUPYTER, "no usable answer (SSLCertVerificationError)")
    assert not jupyter.asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"/api/kernels": Answer(403)},
        {"/api/kernels": Answer(200, {"Content-Length": f"{TOKEN}{COOKIE}"})},
        {"/api/kernels": Answer(302, {"Location": f"https://elsewhere/?authToken={TOKEN}"})},
        {"/": Answer(302, COOKIES | {"Set-Cookie": f"a={COOKIE}\x01"})},
        {"/": Answer(302, {"Location": f"http://[{TOKEN}"})},
        {"/": Answer(silent=True)},
    ],
)
def test_neither_url_nor_cookies_are_told_to_anybody(
    jupyter: Jupyter, answers: dict[str, Answer], caplog: pytest.LogCaptureFixture
) -> None:
    """Not to any log at any level, and not in a reason."""
    caplog.set_level(logging.DEBUG)
    jupyter.answers |= answers
    told = f"{look(jupyter, 0.5)} {caplog.text} {[vars(record) for record in caplog.records]}"

    assert TOKEN not in told
    assert COOKIE not in told


class Log:
    """A notebook's jupyter.log in moto. Its filter knows no alternatives and lets every line through."""

    def __init__(self, aws: Aws, name: str) -> None:
        """A name of its own keeps each test's stream apart."""
        self.now = datetime.now(UTC).replace(microsecond=0)  # moto refuses old lines
        self.notebook = a_notebook(name=name)
        self._client = aws.client("logs")

    def has(self, lines: Mapping[int, str]) -> None:
        """Write lines, by how many minutes ago."""
        group, stream = "/aws/sagemaker/NotebookInstances", f"{self.notebook.name}/jupyter.log"
        if not self._client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            self._client.create_log_group(logGroupName=group)
        self._client.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [
            {"timestamp": int(self.ago(minutes).timestamp() * 1000), "message": lines[minutes]}
            for minutes in sorted(lines, reverse=True)
        ]
        self._client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def ago(self, minutes: int) -> datetime:
        """So many minutes before now."""
        return self.now - timedelta(minutes=minutes)

    def read(self) -> Reading:
        """Ask the log."""
        return LogEvidence(lambda _: self._client, timedelta(hours=6)).read(
            self.notebook, self.now, self.now - LOOKBACK
        )


@pytest.fixture
def log(aws: Aws) -> Log:
    """No log yet."""
    return Log(aws, f"nb-{uuid4()}")


@pytest.mark.parametrize(
    "line",
    [
        "[I 09:12:33.123 NotebookApp] Kernel started: 5a9d, name: python3",
        "[I 2026-11-20 09:12:33.123 ServerApp] Saving file at /autostop.py",
        "[I 2026-11-20 09:12:33.123 ServerApp] New terminal with automatic name: 1",
        "[I 2026-11-20 09:12:33.123 ServerApp] Creating new notebook in /",
        "[W 2026-11-20 09:12:33.123 ServerApp] 404 DELETE /api/sessions/1 (10.0.0.1) 3ms",
    ],
)
def test_a_log_is_idle_since_its_last_line_of_work(log: Log, line: str) -> None:
    """Whatever else it says later: of our own looks, of other polls, of a script that stops idle notebooks."""
    log.has(
        {
            200: "[I ServerApp] Kernel started: 1",
            90: line,
            50: f"[I ServerApp] 302 GET /?authToken={TOKEN} (10.0.0.1) 1.02ms",
            40: "[W ServerApp] 403 GET /api/kernels?no_track_activity=1 (10.0.0.1) 1.02ms",
            30: "[I ServerApp] 200 GET /api/contents?type=POST /api/ (10.0.0.1) 1.02ms",
            20: "Kernel is idle. Last activity time =  2026-11-20 09:12:33",
            10: "autostop: Kernel started a look, and Uploading its state",
        }
    )
    since = log.ago(90)

    assert log.read() == Idle(
        Source.LOG, since, f"the log's last line of work is from {clock_time(since, log.now)}", log.ago(360)
    )


def test_a_line_ahead_of_our_clock_is_of_now(log: Log) -> None:
    """Its clock is not ours."""
    log.has({300: "Kernel started: 1", -5: "Saving file at /x.ipynb"})
    found = log.read()

    assert isinstance(found, Idle)
    assert found.since == log.now


def test_a_log_without_work_saw_nothing_for_as_long_as_was_read(log: Log) -> None:
    """The beginning of what was read is no activity."""
    log.has({10: "[I ServerApp] 302 GET /lab (10.0.0.1) 1.02ms"})
    since = log.ago(360)

    assert log.read() == Idle(
        Source.LOG, None, f"the log has no line of work since {clock_time(since, log.now)}", covers_since=since
    )


def test_no_log_is_unknown(log: Log) -> None:
    """No stream, or one that ended."""
    assert log.read() == Unknown(Source.LOG, "it writes no log")
    log.has({400: "Kernel started: 1"})
    assert log.read() == Unknown(Source.LOG, "it writes no log")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ResourceNotFoundException", "it writes no log"),
        ("AccessDeniedException", "logs:FilterLogEvents of nb: AccessDeniedException: sorry"),
        ("ThrottlingException", "logs:FilterLogEvents of nb: ThrottlingException: sorry"),
    ],
)
def test_what_cloudwatch_logs_refuses_is_unknown(code: str, reason: str) -> None:
    """A group that is missing, as no notebook ever wrote, is no fault."""
    client = a_client("logs")
    stub = Stubber(client)
    for _ in range(2):
        stub.add_client_error("filter_log_events", code, "sorry", 400)
    stub.activate()

    assert LogEvidence(lambda _: client).read(a_notebook(), NOW, NOW - LOOKBACK) == Unknown(Source.LOG, reason)


@pytest.mark.parametrize(("pages", "found"), [(9, Idle), (10, Unknown)])
def test_an_empty_page_of_the_log_is_not_its_end(pages: int, found: type[Reading]) -> None:
    """Which moto never gives; after ten of them its newest line is not known."""
    client = a_client("logs")
    stub = Stubber(client)
    for number in range(pages):
        stub.add_response("filter_log_events", {"events": [], "nextToken": f"more-{number}"})
    event = {"timestamp": int(LONG_AGO.timestamp() * 1000), "message": "Kernel started: 1"}
    stub.add_response("filter_log_events", {"events": [event]})
    stub.activate()

    assert isinstance(LogEvidence(lambda _: client).read(a_notebook(), NOW, NOW - LOOKBACK), found)


Series = tuple[str, dict[str, str], dict[datetime, float]]


class CloudWatch:
    """GetMetricData over HTTP with SEARCH, which moto answers with nothing: exact terms, statistics by period, pages.

    What it does not know: partial terms, Boolean operators, schemas, any other expression.
    """

    def __init__(self) -> None:
        """Empty."""
        self.series: list[Series] = []
        self.status = "Complete"
        self.page = 1

    def has(self, metric: str, points: Mapping[int, float], **dimensions: str) -> None:
        """Keep points, by how many minutes ago, with the dimensions the agent adds."""
        moments = {NOW - timedelta(minutes=minutes): value for minutes, value in points.items()}
        self.series.append((metric, {"host": "ip-172-16-1-1", "notebook_instance_name": "nb"} | dimensions, moments))

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer with a page of results."""
        results = [result for query in asked["MetricDataQueries"] for result in self._results(query, asked)]
        first = int(asked.get("NextToken", 0))
        more = {"NextToken": str(first + self.page)} if first + self.page < len(results) else {}
        return {"MetricDataResults": results[first : first + self.page], **more}

    def _results(self, query: dict[str, Any], asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        found = re.fullmatch(r"SEARCH\('(.*)', '(Maximum|Minimum)', (\d+)\)", query["Expression"])
        assert found
        terms = dict(re.findall(r'(\w+)="([^"]*)"', found[1]))
        for metric, dimensions, points in self.series:
            if (
                terms.items()
                <= ({"Namespace": "SageMakerNotebookInstances", "MetricName": metric} | dimensions).items()
            ):
                statistic = max if found[2] == "Maximum" else min
                yield self._result(
                    query["Id"], " ".join(dimensions.values()), _by_period(points, asked, int(found[3])), statistic
                )

    def _result(
        self, name: str, label: str, periods: dict[float, list[float]], statistic: Callable[[list[float]], float]
    ) -> dict[str, Any]:
        newest_first = sorted(periods, reverse=True)
        values = [statistic(periods[period]) for period in newest_first]
        return {"Id": name, "Label": label, "Timestamps": newest_first, "Values": values, "StatusCode": self.status}


def _by_period(points: dict[datetime, float], asked: dict[str, Any], length: int) -> dict[float, list[float]]:
    periods: dict[float, list[float]] = {}
    for moment, value in points.items():
        at = moment.timestamp()
        if asked["StartTime"] <= at < asked["EndTime"]:
            periods.setdefault(at - (at - asked["StartTime"]) % length, []).append(value)
    return periods


@dataclass
class Agent:
    """The notebook's metrics, and how to ask them."""

    cloudwatch: CloudWatch
    url: str

    def read(self, **changes: Any) -> Reading:
        """Look six hours back."""
        client = a_client("cloudwatch", self.url)
        return AgentEvidence(lambda _: client).read(a_notebook(**changes), NOW, NOW - LOOKBACK)


@pytest.fixture
def agent() -> Iterator[Agent]:
    """A notebook without metrics."""
    cloudwatch = CloudWatch()
    with answering_metrics(cloudwatch.answer) as url:
        yield Agent(cloudwatch, url)


def every(value: float, *, since: int = 400, until: int = 0, **at: float) -> dict[int, float]:
    """A value each minute, and other values at some."""
    return dict.fromkeys(range(until + 1, since), value) | {int(minute[1:]): other for minute, other in at.items()}


@pytest.mark.parametrize(
    ("metric", "points", "words"),
    [
        ("cpu_usage_active", every(2.0, m4=87.3), "CPU at 87 %"),
        ("cpu_usage_active", every(2.0, m12=10.1), "CPU at 10 %"),
        ("cpu_usage_idle", every(99.0, m4=60.0), "CPU at 40 %"),
        ("nvidia_smi_utilization_gpu", {3: 6.0}, "GPU at 6 %"),
    ],
)
def test_a_core_or_a_gpu_that_works_is_active(agent: Agent, metric: str, points: dict[int, float], words: str) -> None:
    """Were it one core of many, or for a minute of five."""
    agent.cloudwatch.has("cpu_usage_active", every(1.0), cpu="cpu-total")
    agent.cloudwatch.has(metric, points, cpu="cpu7")

    assert agent.read() == Active(Source.AGENT, None, words)


@pytest.mark.parametrize(
    ("points", "minutes"),
    [
        (every(2.0), 360),
        (every(2.0, m98=50.0), 95),
        (every(10.0, m18=10.1), 15),
        (every(2.0, since=150) | every(2.0, since=400, until=190), 150),
        (every(2.0, since=330), 330),
    ],
)
def test_rest_is_idle_since_the_end_of_the_last_work_or_of_the_last_gap(
    agent: Agent, points: dict[int, float], minutes: int
) -> None:
    """As work is what a gap may hide. No longer than was looked back, and to the five minutes."""
    agent.cloudwatch.has("cpu_usage_active", points, cpu="cpu-total")
    agent.cloudwatch.has("cpu_usage_active", every(99.0), cpu="cpu-total", notebook_instance_name="nb-2")
    since = NOW - timedelta(minutes=minutes)

    seen = None if minutes == LOOKBACK // timedelta(minutes=1) else since
    assert agent.read() == Idle(
        Source.AGENT, seen, f"CPU and GPU idle since {since:%H:%M} UTC", covers_since=NOW - LOOKBACK
    )


def test_a_notebook_that_came_into_service_lately_is_idle_since_then(agent: Agent) -> None:
    """It has nothing to show for the time before."""
    agent.cloudwatch.has("cpu_usage_idle", every(99.0, since=60), cpu="cpu-total")

    found = agent.read(modified_at=NOW - timedelta(minutes=61))
    assert found == Idle(Source.AGENT, None, "CPU and GPU idle since 10:59 UTC")


@pytest.mark.parametrize(
    ("cpu", "gpu", "instance_type", "reason"),
    [
        ({}, {}, "ml.t3.medium", "the notebook publishes no metrics"),
        (every(2.0, until=20), {}, "ml.t3.medium", "its CPU metrics have gaps"),
        (every(2.0, since=250), {}, "ml.t3.medium", "its CPU metrics have gaps"),
        ({}, every(0.0), "ml.g5.xlarge", "its CPU metrics have gaps"),
        (every(2.0), every(0.0, until=60), "ml.g5.xlarge", "its GPU metrics have gaps"),
        (every(2.0), {}, "ml.g5.xlarge", "it may have GPUs and publishes no metrics of theirs"),
        (every(2.0), {}, None, "it may have GPUs and publishes no metrics of theirs"),
    ],
)
def test_missing_data_is_never_idle(
    agent: Agent, cpu: dict[int, float], gpu: dict[int, float], instance_type: str | None, reason: str
) -> None:
    """The agent died, or was not set up for the GPUs."""
    agent.cloudwatch.has("cpu_usage_active", cpu, cpu="cpu-total")
    agent.cloudwatch.has("nvidia_smi_utilization_gpu", gpu, index="0", name="A10G", arch="Ampere")

    assert agent.read(instance_type=instance_type) == Unknown(Source.AGENT, reason)


@pytest.mark.parametrize(
    ("instance_type", "cpus", "gpus", "reason"),
    [
        ("ml.m5.24xlarge", 1, 0, "one busy CPU of 96 does not show in their average"),
        ("ml.m5.4xlarge", 15, 0, "one busy CPU of 16"),
        ("ml.m5.4xlarge", 16, 0, None),
        ("ml.m5.xlarge", 1, 0, None),
        ("ml.g4dn.12xlarge", 48, 3, "it publishes metrics of 3 of its 4 GPUs"),
        ("ml.g4dn.12xlarge", 48, 4, None),
    ],
)
def test_a_part_of_the_machine_proves_nothing(
    agent: Agent, instance_type: str, cpus: int, gpus: int, reason: str | None
) -> None:
    """One idle core of 96 or one idle GPU of 8 says nothing about the others."""
    agent.cloudwatch.page = 60
    for number in range(cpus):
        agent.cloudwatch.has("cpu_usage_active", every(2.0), cpu=f"cpu{number}")
    for number in range(gpus):
        agent.cloudwatch.has("nvidia_smi_utilization_gpu", every(0.0), index=str(number))
    found = agent.read(instance_type=instance_type)

    assert isinstance(found, Unknown if reason else Idle)
    assert not isinstance(found, Unknown) or (reason or "") in found.reason


@pytest.mark.parametrize("status", ["InternalError", "Forbidden", "PartialData"])
def test_a_part_of_the_metrics_is_unknown(agent: Agent, status: str) -> None:
    """Partial data is whole only if its rest follows."""
    agent.cloudwatch.has("cpu_usage_active", every(2.0), cpu="cpu-total")
    agent.cloudwatch.status = status

    assert agent.read() == Unknown(Source.AGENT, "CloudWatch answered in part only")


def test_moto_takes_the_request_and_finds_nothing(aws: Aws) -> None:
    """Its SEARCH is empty."""
    client = aws.client("cloudwatch")

    found = AgentEvidence(lambda _: client).read(a_notebook(), NOW, NOW - LOOKBACK)
    assert found == Unknown(Source.AGENT, "the notebook publishes no metrics")


def test_nobody_there_is_unknown() -> None:
    """CloudWatch does not answer."""
    client = a_client("cloudwatch", "http://127.0.0.1:9")

    found = AgentEvidence(lambda _: client).read(a_notebook(), NOW, NOW - LOOKBACK)
    assert found == Unknown(Source.AGENT, "cloudwatch:GetMetricData of nb: EndpointConnectionError")


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://lab.notebook.us-east-1.sagemaker.aws?authToken=t", True),
        ("https://lab.notebook.cn-north-1.sagemaker.com.cn?authToken=t", True),
        ("http://lab.notebook.us-east-1.sagemaker.aws?authToken=t", False),
        ("https://lab.notebook.us-east-1.sagemaker.aws.evil.example?authToken=t", False),
        ("https://169.254.169.254/latest?authToken=t", False),
    ],
)
def test_the_url_is_followed_to_notebooks_only_and_encrypted(url: str, fine: bool) -> None:  # noqa: FBT001 - a case
    """An emulator, which answers over http, may send to its own server."""
    with nullcontext() if fine else pytest.raises(UnavailableError, match="not a notebook's"):
        checked_address(url, "https://api.sagemaker.us-east-1.amazonaws.com")
    checked_address(url, "http://127.0.0.1:5000")
