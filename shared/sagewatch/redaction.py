"""Text from jobs, with what nobody should read taken out of it: keys, tokens, arguments of commands, other people's
addresses.
"""

import re

_SLOT = "[redacted]"
_LONGEST = 1024  # characters; SageMaker's own limit for a failure reason
_SECRETS = (
    r"(?:password|passwd|passphrase|[_-]pwd|secret|api[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|(?:secret|private|signing|encryption|account)[_-]?key|credentials?)"
)
# Tokenizers have tokens that are no secret, and there are counts of them.
_TOKENS = (
    r"(?<!eos.)(?<!bos.)(?<!pad.)(?<!unk.)(?<!sep.)(?<!cls.)(?<!mask.)token"
    r"""(?!["']?\s{0,3}[=:]\s{0,3}(?:\d{1,9}|none|null|true|false)\b)"""
)
_NAMES = rf"(?:{_SECRETS}|{_TOKENS})"
_VALUE = r"""(?:(?:bearer|basic)\s+)?(?:"[^"\n]*"|'[^'\n]*'|[^\s"']\S*)"""
# What a name like HF_TOKENS, "db-password" or --api-key is set to; the name itself stays.
_NAMED = re.compile(
    rf"""(?ix) (?<![\w-]) ([\w-]{{0,64}}? {_NAMES} \\?["']? \s{{0,3}} [=:] \s{{0,3}}) {_VALUE}
    | (--[\w-]{{0,40}}? {_NAMES} \s+) {_VALUE}
    """
)
_SHAPED = re.compile(
    r"""(?x) \b(?:AKIA|ASIA)[0-9A-Z]{16}\b  # AWS access key ids
    | \bxox[abeoprs]-[0-9A-Za-z-]+          # Slack tokens and webhooks
    | \bxapp-[0-9A-Za-z-]+
    | (?<=hooks\.slack\.com/)\S+
    | \b(?:gh[opsur]_|github_pat_|glpat-|hf_|npm_|pypi-|dapi)\w[\w-]{18,}  # GitHub, GitLab, Hugging Face, ...
    | \bsk-(?:proj|svcacct|admin|ant)-[\w-]{16,}                           # model providers
    | \bsk[-_](?:live_|test_)?[0-9A-Za-z]{24,}
    | \bAIza[\w-]{30,}
    | \beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?  # JSON web tokens
    | \b(?:FwoG|IQoJ)[\w+/=-]{40,}            # AWS session tokens
    | (?<=://)[^\s/@]+:[^\s/@]+(?=@)          # user:password@host
    | (?i:(?<=bearer\s)\S+)
    | (?i:(?<=authorization:\sbasic\s)\S+)
    | (?i:(?<=\?)[^\s?]*(?:x-amz-|x-goog-|awsaccesskeyid|authtoken|signature|\bsig=)\S*)  # signed query strings
    | -----BEGIN\s[A-Z ]*PRIVATE\sKEY-----[\s\S]*?(?:-----END\s[A-Z ]*PRIVATE\sKEY-----|\Z)
    """
)
# A script's arguments are its job's hyperparameters. SageMaker's training toolkit writes: Command "python train.py ..."
_ARGUMENTS = re.compile(r"""(?i)(\bpython[\d.]*(?:[ \t]+-[a-z]{1,2})*[ \t]+[\w./-]+)[ \t]+--?[a-z][^\n"]*""")
_COMMAND = re.compile(r"""(Command "(?!\S*python)[^\s"]*)[ \t][^\n"]*""")
_HIDDEN = r"\1 [arguments left out]"
# git@github.com is nobody's.
_ADDRESS = re.compile(r"(?<![\w.%+-])(?!git@)[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-zA-Z]{2,24}\b")


def redact(text: str | None) -> str | None:
    """Mask what ``mask`` does in a failure reason, and cut it to 1,024 characters.

    ``None`` and empty text become ``None``.
    """
    return mask(text[:_LONGEST]) if text else None


def mask(text: str) -> str:
    """Replace keys, tokens, passwords, signed query strings and the arguments of commands in free text."""
    shaped = _NAMED.sub(lambda found: f"{found[1] or found[2]}{_SLOT}", _SHAPED.sub(_SLOT, text))
    return _COMMAND.sub(_HIDDEN, _ARGUMENTS.sub(_HIDDEN, shaped))


def without_addresses(text: str, own: str | None) -> str:
    """Replace e-mail addresses, all but the owner's own: the owner is named beside the text anyway."""
    return _ADDRESS.sub(lambda found: found[0] if own and found[0].lower() == own.lower() else _SLOT, text)
