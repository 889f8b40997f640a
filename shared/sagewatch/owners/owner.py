"""Find an owner: from the resource's tags, else its parent's tags, else its user profile or role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sagewatch.sagemaker.resources import Job

# Studio puts it on what a person starts there: arn:...:user-profile/<domain>/<profile>.
_PROFILE_TAG = "sagemaker:user-profile-arn"


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner and its source, for example ``tag sagewatch:owner`` or ``role``."""

    name: str
    source: str


def owner_of(job: Job, tag_keys: Sequence[str], parent_tags: Mapping[str, str] | None = None) -> Owner | None:
    """Find the owner; ``None`` if no source names one.

    The first of ``tag_keys`` that has a value counts, in the job's own tags and then in its parent's; then the Studio
    user profile, and last the role the job ran with, which many people may share.
    """
    return (
        tagged_owner(job.tags, tag_keys)
        or _of_parent(tagged_owner(parent_tags, tag_keys))
        or _last_part((job.tags or {}).get(_PROFILE_TAG), "user profile")
        or role_owner(job.role_arn)
    )


def role_owner(role_arn: str | None) -> Owner | None:
    """Return the role's name as the owner of what runs with it."""
    return _last_part(role_arn, "role")


def tagged_owner(tags: Mapping[str, str] | None, tag_keys: Sequence[str]) -> Owner | None:
    """Find the owner that tags name, the first of ``tag_keys`` that has a value."""
    known = tags or {}
    return next((Owner(known[key].strip(), f"tag {key}") for key in tag_keys if known.get(key, "").strip()), None)


def _of_parent(owner: Owner | None) -> Owner | None:
    return owner and Owner(owner.name, f"parent's {owner.source}")


def _last_part(arn: str | None, source: str) -> Owner | None:
    name = (arn or "").rpartition("/")[2]
    return Owner(name, source) if name else None
