"""What the kinds share: models of answers, and errors for those that cannot be read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from sagewatch.errors import SageWatchError, UnreadableError
from sagewatch.sagemaker.fields import field_errors, parse_tags
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.resources import ResourceUnreadError, StandingResource


def read[M: AwsModel](model: type[M], fields: Mapping[str, Any], subject: str) -> M | UnreadableError:
    """Read an answer; an error that names the subject and the fields at fault."""
    try:
        return model.model_validate(fields)
    except ValidationError as exc:
        return UnreadableError(f"{subject}: {field_errors(exc)}")


def read_answers[M: AwsModel](
    model: type[M], names: Iterable[str], answers: Iterable[Mapping[str, Any] | SageWatchError | None]
) -> Iterator[tuple[str, M | SageWatchError | None]]:
    """Read the answers to one Describe call for each name. ``None`` is what is gone by now."""
    for name, answer in zip(names, answers, strict=True):
        made = answer if answer is None or isinstance(answer, SageWatchError) else read(model, answer, name)
        yield name, ResourceUnreadError(name, made) if isinstance(made, SageWatchError) else made


def read_tags(answer: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Read an answer to ListTags; none of what is gone. Raises ``UnreadableError``: unknown tags may protect."""
    if answer is None:
        return {}
    try:
        tags = parse_tags(answer.get("Tags"))
    except ValueError as exc:
        raise UnreadableError(f"tags: {exc}") from exc
    if tags is None:
        raise UnreadableError("tags: the answer has none")
    return tags


def known_tags(answer: Mapping[str, Any] | SageWatchError | None) -> Mapping[str, str] | None:
    """The tags of an answer; ``None`` if they could not be read."""
    if answer is None or isinstance(answer, SageWatchError):
        return None
    try:
        return read_tags(answer)
    except UnreadableError:
        return None


def found[M: AwsModel](
    model: type[M],
    names: Iterable[str],
    answers: Iterable[Mapping[str, Any] | SageWatchError | None],
    resource: Callable[[M], StandingResource],
) -> Iterator[StandingResource | SageWatchError]:
    """Yield the resource of each answer, or its error. What is gone by now is left out."""
    for _, described in read_answers(model, names, answers):
        if isinstance(described, SageWatchError):
            yield described
        elif described is not None:
            yield resource(described)
