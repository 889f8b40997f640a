"""Alerts about notebook instances: an idle one, with what became of it, and other news."""

from typing import Literal

from pydantic import AwareDatetime

from sagewatch.alerts.base import AlertBase, OpenAlert, Usd
from sagewatch.sagemaker.fields import Name


class NotebookAlert(OpenAlert):
    """A notebook is idle. ``reason`` is the evidence in words; ``stop_at`` is ``None`` if SageWatch stops none."""

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


class NotebookNews(AlertBase):
    """Other news of a notebook, or of a whole sweep if ``name`` is ``None``."""

    finding: Literal["notebook-news"] = "notebook-news"
    name: Name | None
    owner: str | None
    headline: str
    sentence: str
    by: str | None = None
