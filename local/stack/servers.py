"""The process that serves SageMaker, Jupyter, Slack and the Price List on localhost until a signal stops it."""

import argparse
import signal
import threading
from collections.abc import Callable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local.sagemaker.accounts import extend_accounts
from local.sagemaker.alarms import extend_cloudwatch
from local.sagemaker.control import control_app, extend_moto
from local.sagemaker.jupyter import JUPYTERS, serving_jupyter
from local.sagemaker.notebooks import PACE
from local.sagemaker.price_list import pricing_app
from local.slack.app import Workspace, slack_app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = _options()
    extend_accounts(options.account)
    extend_moto()
    extend_cloudwatch()
    PACE.seconds = options.transition_seconds
    workspace = Workspace(token=options.slack_token, signing_secret=options.slack_signing_secret)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with serving_jupyter(JUPYTERS):
        for port, app in (
            (options.sagemaker_port, DomainDispatcherApplication(create_backend_app)),
            (options.control_port, control_app(options.account, options.region)),
            (options.slack_port, slack_app(workspace)),
            (options.pricing_port, pricing_app()),
        ):
            _serve(port, app)
        done.wait()


def _serve(port: int, app: Callable[..., Any]) -> None:
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("sagemaker", "control", "slack", "pricing"):
        parser.add_argument(f"--{name}-port", type=int, required=True)
    parser.add_argument("--region", required=True, help="the region of resources that are named without one")
    parser.add_argument(
        "--transition-seconds", type=float, default=0.2, help="how long notebooks are Pending, Stopping"
    )
    parser.add_argument("--account", required=True, help="the account of resources that are named without one")
    parser.add_argument("--slack-token", required=True, help="the only bot token Slack accepts")
    parser.add_argument("--slack-signing-secret", required=True, help="what Slack signs interactions with")
    return parser.parse_args()


if __name__ == "__main__":
    main()
