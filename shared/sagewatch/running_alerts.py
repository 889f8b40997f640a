"""What people are told of jobs that still run: one message each time something is due, and what comes of it."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from sagewatch.alert_base import AlertBase, Member, Usd, from_text
from sagewatch.fields import Name
from sagewatch.resources import JobKind


class JobRunsAlert(AlertBase):
    """A job runs for long, burns money, is about to be ended by its limit, or does not start: ``sentences`` say which.

    ``created_at`` is the time half of its key. Amounts are USD after the discount; ``price_note`` says why there are
    none, or how far they can be relied on. ``use`` is what is known of its instances' use, in a sentence. ``outcome``
    says what people have done about it since, and ``by`` who; ``open`` whether there is still something to press.
    """

    finding: Literal["job-long-running"] = "job-long-running"
    kind: JobKind
    name: Name
    arn: str
    created_at: str
    owner: str | None
    sentences: tuple[str, ...] = Field(min_length=1)
    started_at: AwareDatetime | None
    limit_seconds: int | None
    hourly_usd: Usd | None
    so_far_usd: Usd | None
    at_limit_usd: Usd | None
    price_note: str | None
    spot: bool = False
    use: str | None = None
    outcome: str | None = None
    by: str | None = None
    open: bool = True

    stands_alone: ClassVar[bool] = True  # it has buttons of its own

    @property
    def member(self) -> Member | None:
        """See ``AlertBase.member``."""
        return Member(self.name, "ran for long", from_text(self.so_far_usd))

    @property
    def root(self) -> str:
        """The message that others edit."""
        return self.edits or self.alert_id
