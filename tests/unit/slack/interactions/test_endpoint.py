"""The door: what Slack signed comes in, once, and nothing else."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from sagewatch.errors import UnavailableError
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.interactions.dialogs import confirm_job_stop_view
from sagewatch.slack.interactions.endpoint import SlackEndpoint
from sagewatch.slack.interactions.payloads import JobPress
from tests.fakes.slack import InMemoryDialogs, InMemoryPressQueue, InMemorySeenRequests
from tests.worlds.builders import ACCOUNT, NOW

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TARGET = {
    "arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one",
    "name": "Lab-One",
    "region": "us-east-1",
    "incident": "notebook-idle-1",
}


def a_press(action: str = "keep_4h", **changes: Any) -> dict[str, Any]:
    """A block_actions payload."""
    button = {"action_id": action, "value": json.dumps(TARGET), "type": "button", "action_ts": "1.2"}
    return {
        "type": "block_actions",
        "user": {"id": "U0ANA"},
        "channel": {"id": "C0SAGEWATCH"},
        "trigger_id": "T1",
        "actions": [button],
        **changes,
    }


def a_submission(**changes: Any) -> dict[str, Any]:
    """A view_submission payload."""
    view = {"id": "V1", "callback_id": "stop_anyway", "private_metadata": json.dumps({**TARGET, "channel": "C1"})}
    return {"type": "view_submission", "user": {"id": "U0ANA"}, "view": view, **changes}


def a_request(payload: object, *, at: datetime = NOW, secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """The event that an HTTP API makes of a signed request."""
    body = payload if isinstance(payload, str) else urlencode({"payload": json.dumps(payload)})
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    encoded = base64.b64encode(body.encode()).decode()
    return {"requestContext": {}, "headers": headers, "body": encoded, "isBase64Encoded": True, **changes}


JOB_TARGET = {
    "arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-01",
    "name": "Fraud-XGB-01",
    "region": "us-east-1",
    "created_at": "2026-11-20T09:58:00Z",
    "incident": "job-long-running-1",
}


def a_job_press(action: str, **changes: Any) -> dict[str, Any]:
    """A block_actions payload of a job's button."""
    value = json.dumps({**JOB_TARGET, **changes})
    return a_press(actions=[{"action_id": action, "value": value, "type": "button", "action_ts": "1.2"}])


class FixedSecret:
    """Secrets one after the other: each recheck finds the next one."""

    def __init__(self, *values: str) -> None:
        """The first is in use."""
        self.values, self.rechecks = list(values), 0

    def __call__(self) -> str:
        """Return the secret in use."""
        return self.values[0]

    def recheck(self) -> bool:
        """Count the call, then answer."""
        self.rechecks += 1
        if len(self.values) > 1:
            self.values.pop(0)
            return True
        return False


class Hall:
    """A door with everything behind it in memory."""

    def __init__(self) -> None:
        """At ``NOW``."""
        self.queue, self.dialogs = InMemoryPressQueue(), InMemoryDialogs()
        self.endpoint = SlackEndpoint(
            secret=FixedSecret(SECRET),
            presses=InMemorySeenRequests(),
            queue=self.queue,
            dialogs=self.dialogs,
            clock=lambda: NOW,
        )


def test_slacks_own_example_is_let_in_as_far_as_its_signature_goes() -> None:
    """Slack's documentation, "Verifying requests": secret, body, timestamp and signature as published there."""
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signed = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    headers = {"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": signed}
    endpoint = SlackEndpoint(
        secret=FixedSecret(SECRET),
        presses=InMemorySeenRequests(),
        queue=InMemoryPressQueue(),
        dialogs=InMemoryDialogs(),
        clock=lambda: datetime.fromtimestamp(1531420618, NOW.tzinfo),
    )

    assert endpoint.handle({"headers": headers, "body": body}).status == 400  # signed well, and no button of ours


@pytest.mark.parametrize("action", ["keep_4h", "keep_until_tomorrow", "stop_now", "never_stop"])
def test_a_signed_press_is_queued(action: str) -> None:
    """With who pressed what, and where."""
    hall = Hall()
    reply = hall.endpoint.handle(a_request(a_press(action)))
    [press] = hall.queue.sent

    assert reply.status == 200
    assert (press.action, press.user, press.name, press.channel) == (action, "U0ANA", "Lab-One", "C0SAGEWATCH")


def test_stop_now_opens_a_dialog_at_once() -> None:
    """Its trigger is good for three seconds."""
    hall = Hall()
    hall.endpoint.handle(a_request(a_press("stop_now")))

    assert hall.queue.sent[0].view_id == "V-T1"
    assert "V-T1" in hall.dialogs.views


@pytest.mark.parametrize(("action", "view"), [("stop_job", "V-T1"), ("snooze_job", None)])
def test_a_jobs_button_is_queued_and_a_stop_opens_its_dialog(action: str, view: str | None) -> None:
    """With the time that distinguishes jobs of the same name."""
    hall = Hall()
    hall.endpoint.handle(a_request(a_job_press(action)))
    [press] = hall.queue.sent

    assert isinstance(press, JobPress)
    assert (press.action, press.user, press.name, press.view_id) == (action, "U0ANA", "Fraud-XGB-01", view)
    assert (press.job.kind, press.job.created_at) == (
        ResourceKind.TRAINING,
        datetime.fromisoformat("2026-11-20T09:58Z"),
    )
    assert list(hall.dialogs.views) == ([view] if view else [])


def test_a_stop_of_a_job_that_was_confirmed_is_a_press_of_its_own() -> None:
    """As the dialog carries it, which was made for another press."""
    asked = JobPress(**JOB_TARGET, action="stop_job", user="U0BO", channel="C1", view_id="V1")
    view = confirm_job_stop_view(asked, "it has cost $1.00 so far", enforce=True)
    hall = Hall()
    submitted = {"id": "V1", "callback_id": view.callback_id, "private_metadata": view.private_metadata}
    hall.endpoint.handle(a_request(a_submission(view=submitted)))
    [press] = hall.queue.sent

    assert isinstance(press, JobPress)
    assert (press.action, press.user, press.channel, press.view_id) == ("stop_job_sure", "U0ANA", "C1", "V1")
    assert press.job == asked.job


def test_a_dialog_that_does_not_open_keeps_no_press_away() -> None:
    """It is queued without one."""
    hall = Hall()
    hall.dialogs.failure = UnavailableError("Slack: no usable answer")

    assert hall.endpoint.handle(a_request(a_press("stop_now"))).status == 200
    assert hall.queue.sent[0].view_id is None


def test_a_dialog_that_was_confirmed_is_a_press_of_its_own() -> None:
    """By the user who confirmed it."""
    hall = Hall()
    hall.endpoint.handle(a_request(a_submission()))

    assert (hall.queue.sent[0].action, hall.queue.sent[0].view_id) == ("stop_anyway", "V1")


def test_a_replayed_request_is_refused() -> None:
    """The same signature is answered once."""
    hall = Hall()
    request = a_request(a_press())

    assert [hall.endpoint.handle(request).status for _ in range(2)] == [200, 409]
    assert len(hall.queue.sent) == 1


BAD = {
    "another secret": a_request(a_press(), secret="0" * 32),
    "six minutes old": a_request(a_press(), at=NOW - timedelta(minutes=6)),
    "six minutes ahead": a_request(a_press(), at=NOW + timedelta(minutes=6)),
    "no headers": a_request(a_press(), headers=None),
    "no signature": a_request(a_press(), headers={"x-slack-request-timestamp": str(int(NOW.timestamp()))}),
    "a timestamp that is none": a_request(
        a_press(), headers={"x-slack-request-timestamp": "now", "x-slack-signature": "v0=1"}
    ),
    "a body that was changed": a_request(a_press(), body=base64.b64encode(b"payload=%7B%7D").decode()),
    "a body that is no text": a_request(a_press(), body="////"),
    "no body": a_request(a_press(), body=None),
}


@pytest.mark.parametrize("request_", BAD.values(), ids=BAD.keys())
def test_what_slack_did_not_sign_stays_outside(request_: dict[str, Any]) -> None:
    """The response gives no reason."""
    hall = Hall()

    assert hall.endpoint.handle(request_).status == 401
    assert hall.queue.sent == []


@pytest.mark.parametrize(
    "payload",
    [
        "payload=",
        "nothing=1",
        "payload=%5B%5D",
        {"type": "shortcut"},
        a_press("delete_everything"),
        a_press(actions=[]),
        a_press(user={"id": "<!channel>"}),
        a_press(actions=[{"action_id": "keep_4h", "value": "{}"}]),
        a_press(actions=[{"action_id": "keep_4h", "value": "x"}]),
        a_press(actions=[{"action_id": "keep_4h", "value": json.dumps({**TARGET, "region": "evil.example"})}]),
        a_job_press("stop_job", arn=TARGET["arn"]),
        a_job_press("keep_4h"),
        a_job_press("snooze_job", created_at="yesterday"),
        a_press("stop_job"),
        a_submission(view={"id": "V1", "callback_id": "another", "private_metadata": "{}"}),
    ],
)
def test_a_payload_that_is_no_press_of_ours_is_told_so(payload: object) -> None:
    """It is well signed, so Slack's logs may know why."""
    hall = Hall()
    reply = hall.endpoint.handle(a_request(payload))

    assert (reply.status, hall.queue.sent) == (400, [])
    assert reply.body.startswith("interaction: ")


TEXTS = (
    st.text()
    | st.integers().map(str)
    | st.sampled_from(["9" * 400, "9" * 5000, "\u00b2", "v0=\u00e9", "", "v0=" + "0" * 64])
)


@given(
    stamp=TEXTS | st.just(str(int(NOW.timestamp()))),
    signature=TEXTS,
    body=st.none() | TEXTS,
    encoded=st.booleans(),
    headers=st.none() | st.dictionaries(st.text(), st.none() | st.text()),
)
def test_whatever_is_not_signed_gets_401(
    stamp: str,
    signature: str,
    body: str | None,
    encoded: bool,  # noqa: FBT001 - generated
    headers: dict[str, str | None] | None,
) -> None:
    """Anybody can reach the endpoint: nothing they send raises, and nothing gets in."""
    hall = Hall()
    named = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    for sent in (headers, {**(headers or {}), **named}):
        reply = hall.endpoint.handle({"headers": sent, "body": body, "isBase64Encoded": encoded})
        assert reply.status == 401
    assert hall.queue.sent == []


def test_a_secret_that_was_rotated_is_read_again() -> None:
    """Slack signs with the new one at once."""
    hall = Hall()
    secret = FixedSecret("the old one", SECRET)
    endpoint = replace(hall.endpoint, secret=secret)

    assert endpoint.handle(a_request(a_press())).status == 200
    assert endpoint.handle(a_request(a_press(), secret="0" * 32)).status == 401
    assert secret.rechecks == 2
