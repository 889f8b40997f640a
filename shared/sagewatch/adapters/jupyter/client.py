"""Asks a notebook's Jupyter server which kernels are busy. No other source knows that.

The presigned URL gives full access to the notebook, with a terminal that has its role's permissions. So the URL and the
cookies it sets are never logged, stored, or put into a reason. This module uses urllib3's connections without its
pools, because pools log the path of every request. A connection's socket can also be shut down from another thread.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from threading import Thread
from typing import TYPE_CHECKING, ClassVar, override
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.evidence_guard import unknown_on_error
from sagewatch.adapters.jupyter.activity import read_jupyter
from sagewatch.adapters.jupyter.programs import FILE
from sagewatch.errors import UnavailableError
from sagewatch.idle.evidence import Reading, Source
from sagewatch.idle.ports import EvidenceSource
from sagewatch.sagemaker.notebooks import Notebook

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


_NOTEBOOK_HOSTS = (".sagemaker.aws", ".sagemaker.com.cn")
_SESSION = 1800  # seconds; the shortest SageMaker grants
_CONNECT = 2.0  # seconds
_MOST = 1_000_000  # bytes of an answer; a kernel takes two hundred
_REDIRECTS = 2  # that are followed on the same host, should the first answer set no cookie
_WRONG = timedelta(minutes=15)  # the times of a clock that is off by more mean nothing
_PRECISION = timedelta(seconds=2)  # the Date header has whole seconds, and the way takes some time
# Without it, Jupyter would count our request as activity and update its last_activity.
_QUIETLY = "no_track_activity=1"


@cache
def _trusted() -> ssl.SSLContext:
    """Read the root certificates once: that takes 30 ms of CPU, and an inspection opens four connections."""
    return ssl.create_default_context()


class JupyterEvidence(EvidenceSource):
    """The REST API of the notebook's own Jupyter. No reason names the URL, a cookie or an answer."""

    PERMISSIONS: ClassVar = ("sagemaker:CreatePresignedNotebookInstanceUrl",)

    def __init__(
        self,
        client_for: "Callable[[str], SageMakerClient]",
        seconds: float = 5,
        trust: Callable[[], ssl.SSLContext] = _trusted,
    ) -> None:
        self._client_for = client_for
        self._seconds = seconds
        self._trust = trust

    @override
    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """What is open, and its last activity, does not depend on how far back is asked."""
        del back_to
        return unknown_on_error(Source.JUPYTER, lambda: self._read(notebook, now))

    def _read(self, notebook: Notebook, now: datetime) -> Reading:
        began = time.monotonic()
        look = _Look(urlsplit(self._presigned(notebook)), self._seconds, self._trust)
        seen = _within(self._seconds, look)
        ours = now + timedelta(seconds=seen.moment - began)
        return read_jupyter(seen.kernels, seen.terminals, now, _skew(seen.date, ours), seen.programs)

    def _presigned(self, notebook: Notebook) -> str:
        client = self._client_for(notebook.scope)
        with translated(f"sagemaker:CreatePresignedNotebookInstanceUrl of {notebook.name}"):
            answer = client.create_presigned_notebook_instance_url(
                NotebookInstanceName=notebook.name, SessionExpirationDurationInSeconds=_SESSION
            )
        checked_address(answer["AuthorizedUrl"], client.meta.endpoint_url)
        return answer["AuthorizedUrl"]


def checked_address(url: str, endpoint: str) -> None:
    """Raise ``UnavailableError`` if the URL leads elsewhere than to a notebook, or over a line that others can read.

    An emulator of SageMaker, which answers over http, may send to its own server.
    """
    address = urlsplit(url)
    ours = address.scheme == "https" and (address.hostname or "").endswith(_NOTEBOOK_HOSTS)
    if not ours and urlsplit(endpoint).scheme == "https":
        raise UnavailableError("SageMaker answered with an address that is not a notebook's")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The answers, what Jupyter's clock said, and when that was by ``time.monotonic``."""

    kernels: object
    terminals: object
    programs: object
    date: str | None
    moment: float


class _Look:
    """One look at one server. It follows no redirect on its own and tries nothing twice."""

    def __init__(self, address: SplitResult, seconds: float, trust: Callable[[], ssl.SSLContext]) -> None:
        self._address = address
        self._seconds = seconds
        self._trust = trust
        self._cookies: dict[str, str] = {}
        self._socket: socket.socket | None = None
        self._abandoned = False

    def __call__(self) -> _Seen:
        """Look."""
        self._open()
        with self._api("kernels") as answer:
            kernels = _content(answer)
            date, moment = answer.headers.get("Date"), time.monotonic()
        with self._api("terminals") as answer:
            terminals = None if answer.status == HTTPStatus.NOT_FOUND else _content(answer)
        return _Seen(kernels, terminals, self._programs(), date, moment)

    def _programs(self) -> object:
        """The file of the lifecycle script, if there is one."""
        query = f"type=file&format=text&content=1&{_QUIETLY}"
        with self._get(self._address._replace(path=f"/api/contents/{FILE}", query=query)) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None  # the script is not installed
            if answer.status == HTTPStatus.BAD_REQUEST:
                return {}  # there is such a file, and it is no text
            _not_refused(answer)
            return _content(answer)

    def abandon(self) -> None:
        """End it from another thread, whatever it waits for."""
        self._abandoned = True
        if self._socket:
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _open(self) -> None:
        """Trade the URL for cookies."""
        address = self._address
        for _ in range(1 + _REDIRECTS):
            with self._get(address) as answer:
                _not_refused(answer)
                self._keep_cookies(answer)
                location = answer.headers.get("Location")
            if self._cookies or not location:
                break
            address = self._same_host(urlsplit(urljoin(address.geturl(), location)))
        if not self._cookies:
            raise UnavailableError("it set no cookie")

    def _same_host(self, address: SplitResult) -> SplitResult:
        if (address.scheme, address.netloc) != (self._address.scheme, self._address.netloc):
            raise UnavailableError("it asks for a sign-in")
        return address

    def _keep_cookies(self, answer: BaseHTTPResponse) -> None:
        for header in answer.headers.getlist("Set-Cookie"):
            with suppress(CookieError):
                self._cookies.update({name: one.coded_value for name, one in SimpleCookie(header).items()})

    @contextmanager
    def _api(self, what: str) -> Iterator[BaseHTTPResponse]:
        with self._get(self._address._replace(path=f"/api/{what}", query=_QUIETLY)) as answer:
            if answer.get_redirect_location():
                raise UnavailableError("it asks for a sign-in")
            _not_refused(answer)
            yield answer

    @contextmanager
    def _get(self, address: SplitResult) -> Iterator[BaseHTTPResponse]:
        target = address._replace(scheme="", netloc="", path=address.path or "/", fragment="").geturl()
        headers = {"Accept": "application/json", "Connection": "close", "User-Agent": "SageWatch"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        with closing(self._connection()) as connection:
            self._connect(connection)
            connection.request("GET", target, headers=headers, preload_content=False)
            with closing(connection.getresponse()) as answer:
                yield answer

    def _connection(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "https":
            return HTTPSConnection(host, port, timeout=_CONNECT, ssl_context=self._trust())
        return HTTPConnection(host, port, timeout=_CONNECT)

    def _connect(self, connection: HTTPConnection) -> None:
        connection.connect()
        connection.timeout = self._seconds
        self._socket = connection.sock
        if self._abandoned:
            raise TimeoutError


def _not_refused(answer: BaseHTTPResponse) -> None:
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise UnavailableError(f"it refused the check (HTTP {answer.status})")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UnavailableError(f"Jupyter answered HTTP {answer.status}")


def _content(answer: BaseHTTPResponse) -> object:
    """What the answer says in JSON."""
    if answer.status != HTTPStatus.OK:
        raise UnavailableError(f"Jupyter answered HTTP {answer.status}")
    if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnavailableError("it answered with a page instead of JSON")
    body = answer.read(_MOST + 1, decode_content=False)
    if len(body) > _MOST:
        raise UnavailableError("Jupyter's answer is longer than any list of kernels")
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        raise UnavailableError("Jupyter's JSON cannot be read") from None
    return content


def _within(seconds: float, look: _Look) -> _Seen:
    """Run the requests in a thread, and give up after so many seconds.

    A socket's timeout restarts with every byte, and name resolution has none.
    """
    seen: Future[_Seen] = Future()

    def run() -> None:
        try:
            seen.set_result(look())
        except Exception as exc:  # noqa: BLE001 - it is raised in the thread that waits
            seen.set_exception(exc)

    Thread(target=run, name="jupyter-look", daemon=True).start()
    try:
        return seen.result(seconds)
    except TimeoutError:
        look.abandon()
        raise UnavailableError(f"no answer within {seconds:g} s") from None


def _skew(date: str | None, ours: datetime) -> timedelta:
    """Return how far the clock behind the Date header is ahead of ours; 0 if the header cannot be read."""
    try:
        skew = parsedate_to_datetime(date or "") - ours
    except (ValueError, TypeError, OverflowError):  # not a date, or one without a zone
        return timedelta(0)
    if abs(skew) > _WRONG:
        raise UnavailableError(f"its clock differs by {abs(skew) // timedelta(minutes=1)} min from ours")
    return skew if abs(skew) >= _PRECISION else timedelta(0)
