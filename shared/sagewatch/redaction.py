"""Text from jobs, with what nobody should read taken out of it."""

import re

_SLOT = "[redacted]"
# name=value secrets keep their name; AWS access key ids, Slack tokens and signed query strings go whole.
_NAMED = re.compile(
    r"(?i)\b((?:aws_)?(?:secret|session|auth|access)?_?-?(?:password|secret|token|key)\w*\s*[=:]\s*)\S+"
)
_SIGNED = re.compile(r"(?i)\?\S*(?:x-amz-|awsaccesskeyid|authtoken|signature)\S*")
_BARE = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[abeoprs]-[0-9A-Za-z-]+")


def redact(text: str | None) -> str | None:
    """Replace keys, tokens and presigned query strings in free text. ``None`` and empty text become ``None``."""
    if not text:
        return None
    return _BARE.sub(_SLOT, _NAMED.sub(rf"\1{_SLOT}", _SIGNED.sub(f"?{_SLOT}", text)))
