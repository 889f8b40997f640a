"""What people are told of notebook instances: one message per incident, and what comes of it."""

from typing import Literal, override

from pydantic import AwareDatetime

from sagewatch.alerts.base import AlertBase, Usd
from sagewatch.sagemaker.fields import Name

KEPT_FOLDER = "/home/ec2-user/SageMaker"  # all that a stop keeps: it is the volume; the rest is the instance


class NotebookAlert(AlertBase):
    """A notebook idles. ``reason`` is the evidence in words; ``stop_at`` is ``None`` where it is not stopped by itself.

    ``outcome`` says what has become of it since, and ``by`` which Slack user did that; ``open`` whether there is
    still something to press.
    """

    finding: Literal["notebook-idle"] = "notebook-idle"
    name: Name
    arn: str
    owner: str | None
    reason: str
    idle_since: AwareDatetime
    hourly_usd: Usd | None
    idle_usd: Usd | None
    stop_at: AwareDatetime | None
    observe: bool
    advice: str | None = None
    one_way: bool = False
    outcome: str | None = None
    by: str | None = None
    open: bool = True

    @property
    @override
    def closed(self) -> bool:
        return not self.open

    @property
    def root(self) -> str:
        """The message that others edit."""
        return self.edits or self.alert_id


class NotebookNews(AlertBase):
    """Something else there is to say of a notebook, or of a whole sweep where ``name`` is ``None``."""

    finding: Literal["notebook-news"] = "notebook-news"
    name: Name | None
    owner: str | None
    headline: str
    sentence: str
    by: str | None = None
