"""The notebooks of an account, for end-to-end tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.player import get_json, post_json
from local.stack.cloud import ACCOUNT
from tests.e2e.conftest import Account, eventually


class Team:
    """The notebooks of an account, as a person with boto3 sees them."""

    def __init__(self, account: Account) -> None:
        """No notebook yet."""
        self.account = account
        self.control = account.env["SAGEMAKER_CONTROL_URL"]
        self.slack = account.cloud.slack_url

    def start(
        self, name: str, jupyter: dict[str, Any], tags: dict[str, str], platform: str, at: datetime | None = None
    ) -> None:
        """Start a notebook: two days ago by the clock of this process, or at that time."""
        self.account.stage.client("sagemaker").create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab",
            PlatformIdentifier=platform,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        moment = (at or datetime.now(UTC) - timedelta(days=2)).isoformat()
        born = {"CreationTime": moment, "LastModifiedTime": moment}
        self.orders(name, {**born, "Jupyter": jupyter})

    def orders(self, name: str, fields: dict[str, Any]) -> None:
        """Change what a notebook is."""
        post_json(f"{self.control}/notebook-instance/{name}", fields)

    def stops(self, name: str) -> int:
        """How often it was stopped."""
        return len(self.stopped_at(name))

    def stopped_at(self, name: str) -> list[datetime]:
        """When it was stopped, each time."""
        return [datetime.fromisoformat(when) for when in self.story(name)["stops"]]

    def story(self, name: str) -> dict[str, Any]:
        """The calls that the emulator received."""
        told: dict[str, Any] = get_json(f"{self.control}/notebook-instance/{name}")
        return told

    def sweep(self) -> dict[str, Any]:
        """Sweep, and wait until everything queued is in Slack."""
        told = self.account.invoke("SweepNotebooks", {})
        assert self.settles()
        return told

    def settles(self) -> bool:
        """Wait until everything queued is in Slack; say whether that came."""
        return eventually(self.account.stage.quiet)

    def told(self, name: str) -> list[dict[str, Any]]:
        """The messages that name it, and no other whose name begins alike."""
        messages = get_json(f"{self.slack}/messages")
        return [message for message in messages if name in message["text"].replace("(", " ").replace(":", " ").split()]

    def root(self, name: str) -> dict[str, Any]:
        """The newest message that announced it."""
        return self.roots(name)[-1]

    def roots(self, name: str) -> list[dict[str, Any]]:
        """The messages that announced it, oldest first."""
        return [message for message in self.told(name) if message["text"].startswith(("Notebook idle: ", "Notebook: "))]

    def tidy(self, name: str) -> None:
        """Delete the newest message that announced it, as a person may."""
        post_json(f"{self.slack}/delete", {"ts": self.root(name)["ts"]})

    def press(self, name: str, action: str, user: str = "U0ANA", **how: Any) -> Any:
        """Press a button of its message, and wait until it is answered."""
        answer = post_json(
            f"{self.slack}/press", {"ts": self.root(name)["ts"], "action_id": action, "user": user, **how}
        )
        eventually(self.account.stage.quiet)
        return answer
