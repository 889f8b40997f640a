"""Idle standing resources on the deployed stack: reported, deleted with a recipe, restored, and Canvas by itself.

AWS differs: there an endpoint takes minutes, and IAM denies what the tag protects; a test holds the template to that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.demo.player import get_json
from local.demo.standing import messages_about_resources, press_and_confirm, put_standing
from tests.e2e.conftest import Account, eventually

RULES = {"MODE": "enforce", "WARN_MINUTES": "0"}


@pytest.fixture(scope="module")
def swept(account: Account) -> Iterator[Account]:
    """A stack that may delete, in which a sweep has found what is idle."""
    with account.variables("SweepResources", **RULES), account.variables("AnswerSlack", **RULES):
        put_standing(account.stage)
        account.invoke("SweepResources", {})
        assert eventually(account.stage.quiet)
        yield account


def message(account: Account, name: str) -> Mapping[str, Any]:
    """The message about a resource."""
    [found] = [each for each in messages_about_resources(account.cloud.slack_url) if name in each["text"]]
    return found


def described(account: Account) -> dict[str, Any]:
    """Every field of Describe, but for times."""
    answer = account.stage.client("sagemaker").describe_endpoint(EndpointName="churn-demo")
    return {name: value for name, value in answer.items() if name not in {"ResponseMetadata", *TIMES}}


TIMES = {"CreationTime", "LastModifiedTime"}


def test_only_what_is_idle_has_a_message(swept: Account) -> None:
    """The endpoint that is called has none, and the server whose use is unknown is asked about.

    Other tests have resources of their own.
    """
    texts = [each["text"] for each in messages_about_resources(swept.cloud.slack_url)]
    ours = [text for text in texts if any(name in text for name in ("churn-demo", "chat-llm", "chi/", "experiments"))]

    assert sorted(text.partition(" (")[0] for text in ours) == [
        "Canvas session idle: chi/Canvas/default",
        "Endpoint idle: churn-demo",
        "Still needed? MLflow tracking server experiments",
    ]


def test_an_endpoint_is_deleted_with_its_recipe_and_restored_from_its_message(swept: Account) -> None:
    """By the real buttons, dialogs, queue, role and table."""
    before = described(swept)
    assert press_and_confirm(swept.cloud.slack_url, "delete_endpoint", "churn-demo", "U0BO")
    assert eventually(lambda: "Endpoint deleted" in message(swept, "churn-demo")["text"])
    assert "churn-demo" not in str(swept.stage.client("sagemaker").list_endpoints()["Endpoints"])

    assert press_and_confirm(swept.cloud.slack_url, "restore_endpoint", "churn-demo", "U0BO")
    assert eventually(lambda: "Restored, and equal to its recipe" in message(swept, "churn-demo")["text"])
    assert described(swept) == before


def test_an_idle_canvas_app_is_deleted_by_answerslack_alone(swept: Account) -> None:
    """The sweep hands it over; it was announced without notice here."""
    swept.invoke("SweepResources", {})

    assert eventually(lambda: "Deleted at" in message(swept, "chi/Canvas/default")["text"])
    apps = swept.stage.client("sagemaker").list_apps()["Apps"]
    assert "chi" not in {each.get("UserProfileName") for each in apps}


def test_a_second_sweep_posts_no_second_message(swept: Account) -> None:
    """A week has to go by."""
    before = len(get_json(f"{swept.cloud.slack_url}/messages"))
    assert swept.invoke("SweepResources", {})["failures"] == []
    assert eventually(swept.stage.quiet)

    assert len(get_json(f"{swept.cloud.slack_url}/messages")) == before
