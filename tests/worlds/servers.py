"""Small servers on localhost, for the length of a test."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Run an app; answer with its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextmanager
def answering_metrics(answer: Callable[[Any], Any]) -> Iterator[str]:
    """CloudWatch as far as GetMetricData goes, which ``answer`` answers; yield its address."""
    app = Flask("cloudwatch")

    @app.post("/")
    def post() -> Response:
        assert request.headers["X-Amz-Target"].endswith(".GetMetricData")
        return Response(json.dumps(answer(json.loads(request.data))), mimetype="application/x-amz-json-1.0")

    with serving(app) as url:
        yield url
