"""What an inspection of a notebook's Jupyter costs over HTTP and over HTTPS: ``python -m bench.jupyter``.

The server and the certificate are made here. ``a context each`` reads the root certificates for every connection, as
`urllib3` does by itself.
"""

import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, override

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from rich.console import Console
from rich.table import Table

from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.idle.evidence import Idle
from tests.worlds.notebooks import a_notebook

_ROUNDS, _LOOKS = 7, 20
_KERNELS = [{"id": "k", "name": "python3", "execution_state": "idle", "last_activity": "2026-11-26T00:00:00Z"}]


class _Jupyter(BaseHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Trade the token for a cookie; list one idle kernel and no terminal."""
        if "authToken" in self.path:
            self._answer(302, b"", {"Location": "/lab", "Set-Cookie": "session=1; Path=/"})
        else:
            found = _KERNELS if "kernels" in self.path else []
            status = 404 if "contents" in self.path else 200  # no lifecycle script
            self._answer(status, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class _SageMaker:
    def __init__(self, url: str) -> None:
        self.url = url
        self.meta = SimpleNamespace(endpoint_url="http://localhost")  # an emulator's may lead to its own server

    def create_presigned_notebook_instance_url(self, **_: object) -> dict[str, str]:
        """Presign at once."""
        return {"AuthorizedUrl": f"{self.url}/?authToken=t"}


@contextmanager
def serving(certificate: Path | None) -> Iterator[str]:
    """A server in a process of its own: its CPU is not the function's."""
    command = [sys.executable, "-c", f"from bench.jupyter import serve; serve({str(certificate or '')!r})"]
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise SystemExit("the server says nothing")
        try:
            yield f"{'https' if certificate else 'http'}://localhost:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def serve(certificate: str) -> None:
    """Print the port, then answer until the process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Jupyter)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_port, flush=True)  # noqa: T201 - for the process that started this one
    server.serve_forever()


def make_certificate(folder: Path) -> Path:
    """Make a certificate for localhost, with its key, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def _milliseconds(url: str, trust: Callable[[], ssl.SSLContext]) -> float:
    """CPU of one inspection. The server has a process of its own."""
    sagemaker: Any = _SageMaker(url)
    source = JupyterEvidence(lambda _: sagemaker, trust=trust)
    notebook, now = a_notebook(), datetime.now(UTC)
    begun = time.process_time()
    for _ in range(_LOOKS):
        found = source.read(notebook, now, now)
        if not isinstance(found, Idle):
            raise SystemExit(f"the inspection failed: {found}")
    return (time.process_time() - begun) / _LOOKS * 1000


def main() -> None:
    """Measure in turns."""
    with TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))

        def trust() -> ssl.SSLContext:
            context = ssl.create_default_context()
            context.load_verify_locations(certificate)
            return context

        shared = trust()
        with serving(None) as plain, serving(certificate) as secure:
            cases: dict[str, tuple[str, Callable[[], ssl.SSLContext]]] = {
                "http": (plain, lambda: shared),
                "https, one context": (secure, lambda: shared),
                "https, a context each": (secure, trust),
            }
            took: dict[str, list[float]] = {name: [] for name in cases}
            for _ in range(_ROUNDS):
                for name, case in cases.items():
                    took[name].append(_milliseconds(*case))
    table = Table("inspection", "CPU ms", "lowest", title=f"medians of {_ROUNDS} rounds of {_LOOKS}")
    for name, runs in took.items():
        table.add_row(name, f"{statistics.median(runs):.1f}", f"{min(runs):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
