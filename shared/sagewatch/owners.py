"""Who owns a job."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagewatch.resources import Job


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner and what told us of it, for example ``tag sagewatch:owner``."""

    name: str
    source: str


def owner_of(job: Job, tag_keys: Sequence[str]) -> Owner | None:
    """Find the owner in the job's tags, the first of ``tag_keys`` that has a value; ``None`` if nobody is named."""
    tags = job.tags or {}
    return next((Owner(tags[key].strip(), f"tag {key}") for key in tag_keys if tags.get(key, "").strip()), None)
