"""Redact text from jobs: keys, tokens, passwords, arguments of commands, other people's addresses.

``mask`` runs over the whole text before anything is cut, because half a key has no known form. Every pattern is
linear: no quantifier can backtrack over an unbounded run. Known forms are found; a password in a sentence is not.
"""

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.blocks import without_key_blocks
from sagewatch.redaction.commands import without_arguments
from sagewatch.redaction.entropy import without_random_words
from sagewatch.redaction.named import without_named_values
from sagewatch.redaction.providers import without_provider_keys
from sagewatch.redaction.urls import without_addresses, without_credentials

__all__ = ["mask", "redact", "without_addresses"]

# What does not print, and what turns the direction of text around.
_INVISIBLE = lazy_pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONGEST = 1024  # characters; SageMaker's own limit for a failure reason
_STAGES = (
    without_key_blocks,
    without_credentials,
    without_arguments,
    without_provider_keys,
    without_named_values,
    without_random_words,
)


def redact(text: str | None) -> str | None:
    """Mask a failure reason without its invisible characters, then cut it to 1,024 characters. ``None`` and empty text become ``None``."""
    return mask(_INVISIBLE.sub("", text))[:_LONGEST] if text else None


def mask(text: str) -> str:
    """Replace keys, tokens, passwords, signed query strings and the arguments of commands in free text."""
    for stage in _STAGES:
        text = stage(text)
    return text
