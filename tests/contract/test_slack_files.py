"""The pictures port: the real Slack client against a Slack on localhost, and what that Slack does with files.

As at Slack, a file can be shown a moment after its upload (issues 1521 and 1797 of slackapi/python-slack-sdk); the
local one takes a fixed time for that.
"""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ImageBlock

from local.demo.player import get_json, post_json
from local.slack.app import Workspace, slack_app
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.adapters.slack.images import SlackImageUploads
from sagewatch.digest.ports import ImageUploads
from sagewatch.errors import (
    ChannelMisconfiguredError,
    ImageNotReadyError,
    SageWatchError,
    ThrottledError,
    TokenRefusedError,
    UnavailableError,
)
from sagewatch.slack.messages.render import Message, render
from tests.contract.test_slack import Tokens
from tests.fakes.digest import InMemoryImageUploads
from tests.fakes.slack import InMemoryChannelIds, InMemoryUserDirectory
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.builders import NOW
from tests.worlds.servers import serving

PNG = b"\x89PNG\r\n\x1a\n and so on"
LONG = 3600  # seconds


@pytest.fixture
def workspace() -> Workspace:
    """One that processes files for longer than a test takes, until the test says that it is done."""
    return Workspace(token="xoxb-right", signing_secret="s", processing_seconds=LONG)


@pytest.fixture
def url(workspace: Workspace) -> Iterator[str]:
    """Its Slack."""
    with serving(slack_app(workspace)) as address:
        yield address


@pytest.fixture(params=["in memory", "Slack"])
def pictures(request: pytest.FixtureRequest, url: str) -> ImageUploads:
    """Both adapters."""
    return InMemoryImageUploads() if request.param == "in memory" else slack_pictures(url)


def slack_pictures(url: str, token: str = "xoxb-right") -> SlackImageUploads:
    """The real one."""
    return SlackImageUploads(SlackApi(token=Tokens(token), api_url=f"{url}/api/"))


def client(url: str) -> WebClient:
    """Slack's own client."""
    return WebClient(token="xoxb-right", base_url=f"{url}/api/", retry_handlers=[])


def send(address: str, content: bytes) -> bytes:
    """Upload by hand."""
    with urllib.request.urlopen(address, content, timeout=5) as taken:  # noqa: S310 - our own server
        answer: bytes = taken.read()
    return answer


def a_message(file_id: str) -> Message:
    """One with a picture."""
    message = render(an_alert())
    return Message(message.text, (ImageBlock(slack_file={"id": file_id}, alt_text="Bars."),), message.metadata)


def post(url: str, file_id: str) -> None:
    """Post it as DeliverAlert does."""
    SlackChannel(
        SlackApi(token=Tokens("xoxb-right"), api_url=f"{url}/api/"),
        channel="#sagewatch",
        ids=InMemoryChannelIds(),
        people=InMemoryUserDirectory(),
        clock=lambda: NOW,
        render=lambda _alert, _mention: a_message(file_id),
    ).post(an_alert())


def test_every_picture_has_an_id_of_its_own(pictures: ImageUploads) -> None:
    """Of the form Slack's blocks ask for."""
    first, second = (pictures.upload("spend.png", PNG, "Bars.") for _ in range(2))

    assert first != second
    assert first.startswith("F0")


def test_a_picture_can_be_shown_once_it_is_processed(workspace: Workspace, url: str) -> None:
    """Before that the message waits; what is shown is what was uploaded, with its words."""
    file_id = slack_pictures(url).upload("spend.png", PNG, "Bars of spend.")
    with pytest.raises(ImageNotReadyError) as early:
        post(url, file_id)
    assert early.value.retry_after == 3
    assert get_json(f"{url}/messages") == []
    workspace.processing_seconds = 0
    post(url, file_id)
    [message] = get_json(f"{url}/messages")

    assert message["blocks"][0]["slack_file"] == {"id": file_id}
    assert (workspace.files[file_id].alt_text, workspace.files[file_id].title) == ("Bars of spend.", "spend.png")
    with urllib.request.urlopen(f"{url}/file/{file_id}", timeout=5) as shown:  # noqa: S310 - our own server
        assert (shown.read(), shown.headers["Content-Type"]) == (PNG, "image/png")


def test_words_over_slacks_limit_are_cut(workspace: Workspace, url: str) -> None:
    """1,000 characters for a file; its block may have more."""
    file_id = slack_pictures(url).upload("spend.png", PNG, "x" * 1500)

    assert len(workspace.files[file_id].alt_text) == 1000


def test_an_app_without_the_scope_is_told_so(workspace: Workspace, url: str) -> None:
    """With Slack's own code; no message is hindered by it."""
    workspace.scopes = frozenset({"chat:write"})

    with pytest.raises(ChannelMisconfiguredError, match="picture: missing_scope"):
        slack_pictures(url).upload("spend.png", PNG, "Bars.")


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        ({"status": 429, "retry_after": 3, "times": 1}, ThrottledError),
        ({"status": 500, "times": 1}, UnavailableError),
        (None, TokenRefusedError),
    ],
)
def test_what_slack_answers_is_translated(
    url: str, prepare: dict[str, int] | None, expected: type[SageWatchError]
) -> None:
    """As for messages; a wrong token is refused."""
    if prepare:
        post_json(f"{url}/fail", prepare)
    with pytest.raises(expected) as error:
        slack_pictures(url, "xoxb-right" if prepare else "xoxb-wrong").upload("spend.png", PNG, "Bars.")

    assert "xoxb" not in str(error.value)
    assert "upload/v1" not in str(error.value)


def test_an_upload_that_is_not_taken_is_unavailable_and_names_no_address() -> None:
    """The address is as good as a token."""
    app = Flask("half a Slack")

    @app.post("/api/files.getUploadURLExternal")
    def answer() -> dict[str, object]:
        return {"ok": True, "upload_url": f"{address}/upload/v1/secret", "file_id": "F0ABCDEF12"}

    with serving(app) as address, pytest.raises(UnavailableError) as error:
        slack_pictures(address).upload("spend.png", PNG, "Bars.")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda slack: slack.files_getUploadURLExternal(filename="a.png", length=0), "missing_argument"),
        (lambda slack: slack.files_getUploadURLExternal(filename="", length=5), "missing_argument"),
        (lambda slack: slack.files_getUploadURLExternal(filename="a", length=2 * 10**9), "file_upload_size_restricted"),
        (
            lambda slack: slack.files_getUploadURLExternal(filename="a", length=5, alt_txt="x" * 1001),
            "alt_txt_too_large",
        ),
        (lambda slack: slack.files_completeUploadExternal(files=[{"id": "F0NOWHERE0"}]), "file_not_found"),
        (lambda slack: slack.files_completeUploadExternal(files=[]), "file_not_found"),
        (lambda slack: slack.files_completeUploadExternal(files=[{"title": "x"}]), "invalid_arguments"),
    ],
)
def test_the_local_slack_refuses_what_slack_would(url: str, call: Callable[[WebClient], Any], code: str) -> None:
    """With Slack's code."""
    with pytest.raises(SlackApiError) as refused:
        call(client(url))

    assert refused.value.response["error"] == code


def test_an_upload_address_takes_the_announced_bytes_once(url: str) -> None:
    """No other number of them; and a file that was never uploaded is never complete."""
    slack = client(url)
    told = slack.files_getUploadURLExternal(filename="a.png", length=len(PNG))
    with pytest.raises(urllib.error.HTTPError, match="400"):
        send(told["upload_url"], PNG[:-1])
    with pytest.raises(SlackApiError, match="file_not_found"):
        slack.files_completeUploadExternal(files=[{"id": told["file_id"]}])
    assert send(told["upload_url"], PNG) == f"OK - {len(PNG)}".encode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        send(told["upload_url"], PNG)


@pytest.mark.parametrize("file_id", ["F0NOWHERE0", "nonsense", ""])
def test_a_block_that_shows_no_file_is_refused(url: str, file_id: str) -> None:
    """As Slack does; one that does not exist may be one that is not processed yet, others never will be."""
    with suppress(ImageNotReadyError):
        post(url, file_id)
    assert [message["blocks"] for message in get_json(f"{url}/messages")] in ([], [[]])


def test_a_file_that_is_no_picture_is_never_shown(workspace: Workspace, url: str) -> None:
    """Neither in a block nor on the page."""
    file_id = slack_pictures(url).upload("notes.txt", b"words", "Words.")
    workspace.processing_seconds = 0

    with pytest.raises(ImageNotReadyError):
        post(url, file_id)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{url}/file/{file_id}", timeout=5)  # noqa: S310 - our own server
