"""Text from jobs, with what nobody should read taken out of it."""

import re

_SLOT = "[redacted]"
_LONGEST = 1024  # characters; SageMaker's own limit for a failure reason
_NAMES = r"(?:password|passwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?)"
# What a name like HF_TOKEN, "db-password" or --api-key is set to; the name itself stays.
_NAMED = re.compile(
    rf"""(?ix) (?<![a-z0-9]) ([\w-]{{0,40}}? {_NAMES} ["']? \s{{0,3}} [=:] \s{{0,3}}) (?:bearer\s+)? \S+
    | (--[\w-]{{0,40}}? {_NAMES} \s+) \S+
    """
)
_SHAPED = re.compile(
    r"""(?x) \b(?:AKIA|ASIA)[0-9A-Z]{16}\b  # AWS access key ids
    | \bxox[abeoprs]-[0-9A-Za-z-]+          # Slack tokens
    | (?<=://)[^\s/@]+:[^\s/@]+(?=@)         # user:password@host
    | (?i:(?<=bearer\s)\S+)
    | (?i:(?<=\?)\S*(?:x-amz-|awsaccesskeyid|authtoken|signature)\S*)  # signed query strings
    """
)


def redact(text: str | None) -> str | None:
    """Replace keys, tokens and presigned query strings in free text, and cut it to 1,024 characters.

    ``None`` and empty text become ``None``.
    """
    if not text:
        return None
    return _NAMED.sub(lambda found: f"{found[1] or found[2]}{_SLOT}", _SHAPED.sub(_SLOT, text[:_LONGEST]))
