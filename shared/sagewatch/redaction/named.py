"""Redact values that follow the name of a secret: ``DB_PASSWORD_RO=``, ``'--hf_token', 'x'``, ``<pwd>x</pwd>``."""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import SLOT, words

# A strong name is that of a secret and nothing else. A weak one has other meanings too: tokenizers have tokens.
_STRONG = (
    r"passwor[dt]|passwd|passphrase|pwd|secret|sig(?:ning)?[_.-]?key"
    r"|(?:api|access|private|encryption|account|wandb|openai|azure|anthropic|cohere|comet|neptune|kaggle|datadog|mlflow"
    r"|pinecone|storage|service|master|license|ssh|hmac|jwt|admin|subscription|consumer|shared|function|host|client)"
    r"[_. -]?key|sas[_.-]?token|sessiontoken|connection[_-]?string"
)
_VENDORS = (
    r"adafruit|adobe|airtable|algolia|alibaba|asana|atlassian|confluence|jira|beamer|bitbucket|bittrex|meraki|cloudflare"
    r"|codecov|coinbase|confluent|contentful|dnkey|discord|droneci|dropbox|etsy|facebook|fastly|finicity|finnhub|flickr"
    r"|freshbooks|gitter|gocardless|heroku|hubspot|intercom|jfrog|artifactory|bintray|kraken|kucoin|launchdarkly|linear_"
    r"|linked[_-]?in|(?<![a-z])lob|looker|mailchimp|mailgun|mapbox|mattermost|message[_-]?bird|netlify|new[_-]?relic"
    r"|newyorktimes|nytimes|okta|plaid|private[_-]?ai|rapidapi|sendbird|sentry|snyk|sonar[_.-]|squarespace|(?<![a-z])sumo"
    r"|telegr|travis|twitch|twitter|typeform|yandex|zendesk|contribsys"
)
_WEAK = rf"token|credential|(?<![a-z])auth(?![a-z])|(?<![a-z])pass(?![a-z])|(?:db|user|root)pass(?![a-z])|(?<![a-z])key|{_VENDORS}"
_CLOSE = r"""\\{0,3}["'\])]{0,3}+"""
_GAP = r"[ \t]{0,8}+"
_NAMED = lazy_pattern(
    rf"""(?ix)(?P<name>(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))[\w.-]{{0,60}}+)(?P<close>{_CLOSE})
    (?P<gap>{_GAP}(?:=>|:=|={{1,2}}(?!=)|:(?!:)){_GAP}(?:\n[ \t]{{1,40}}+(?=\S+[ \t]*(?:\n|\Z)))?|{_GAP},{_GAP}|>|[ \t]{{1,8}}+(?:is[ ]|was[ ])?)
    (?P<value>(?P<scheme>(?:bearer|basic)[ ])?(?:[rbfu]{{0,2}}"(?:[^"\\\n]|\\.)*+"?|[rbfu]{{0,2}}'(?:[^'\\\n]|\\.)*+'?
    |\\+"(?:[^"\\\n])*+\\*"?|\((?:[^()\n]){{0,200}}+\)|[^\s"'][^\s]*+))"""
)
_MOST = 20_000  # names that are followed by something
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# What every name above begins with, in lower case.
_WORDS = words(
    "password passwort passwd passphrase pwd secret sig api access private encryption account wandb "
    "openai azure anthropic cohere comet neptune kaggle datadog mlflow pinecone storage service master "
    "license ssh hmac jwt admin subscription consumer shared function host client sas sessiontoken "
    "connection token credential auth pass dbpass userpass rootpass key adafruit adobe airtable algolia "
    "alibaba asana atlassian confluence jira beamer bitbucket bittrex meraki cloudflare codecov coinbase "
    "confluent contentful dnkey discord droneci dropbox etsy facebook fastly finicity finnhub flickr "
    "freshbooks gitter gocardless heroku hubspot intercom jfrog artifactory bintray kraken kucoin "
    "launchdarkly linear_ linked lob looker mailchimp mailgun mapbox mattermost message netlify new "
    "nytimes okta plaid rapidapi sendbird sentry snyk sonar squarespace sumo telegr travis twitch twitter "
    "typeform yandex zendesk contribsys"
)
_BEFORE = lazy_pattern(r"[\w.-]*$")
_NOTHING = lazy_pattern(
    r"(?i)(?:none|null|nil|true|false|undefined|nan|n/a|missing|empty)[\s,;.)\]}]*$|[\d.,eE+-]+[kMBG%]?[\s,;)\]}]*$|[\W_]+$"
)
_PLACEHOLDER = lazy_pattern(r"[$%{]|<|\*{3}|\.{3}|x{4,}|\[redacted|\[arguments|…")
# Code: a call, an index, a dotted name, a type.
_CODE = lazy_pattern(
    r"[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:\.[A-Za-z_]+)+[,;:)\]}]*$"
    r"|(?:str|int|bool|bytes|float|dict|list|string|type|object|any|optional|secretstr|union|callable)[,;:)\]}=]*$"
)
_PROSE = lazy_pattern(
    r"(?i)(?:field|value|is|not|must|should|missing|required|invalid|was|cannot|can't|expected|no|could|failed|incorrect"
    r"|too|wrong|expired|unable|has|the|an?|for|from|in|to|of|and|or|with|input|extra|please|does|never|using|at|on|by"
    r"|error|found|reading|loading|set|unauthorized|denied|only|if|when|will|are|be|it|this)[\s,;.:]*$"
)
_TOKENIZER = lazy_pattern(
    r"(?i)(?:^|[_.-])(?:eos|bos|pad|unk|sep|cls|mask|special|next|max|min|num|n|total|image|video|audio|start|end|stop|prompt|completion"
    r"|input|output|new|generated|sampled|last|first|draft|unexpected|per|sub|decoder|prev|cur|current|invalid|no|word)[_.-]?(?:id_?)?$"
)
_INNOCENT_KEY = lazy_pattern(
    r"(?i)(?:primary|foreign|sort|hash|partition|public|object|cache|map|unexpected|missing|s3|dict|unique|index)[_. -]?$"
)
_ERROR = lazy_pattern(
    r"(?:Error|Exception|Warning|izer|_index|_count|_len\w*|_type|_name|_path|_file|_arn|_url|_uri)$|(?<!key)_ids?$"
)
_SHORT, _KEY_LENGTH = 6, 14


def without_named_values(text: str) -> str:
    """Replace the value that follows a secret's name. The name stays: it says what was given.

    A text with more names than any log has is cut where they become too many.
    """
    kept: list[str] = []
    at = looked = 0
    for start in _places(text):
        found = _NAMED.match(text, start) if start >= at else None
        if found is None:
            continue
        looked += 1
        if looked > _MOST:
            return "".join((*kept, text[at:start], SLOT))
        if _is_secret(found, _name(found)):
            kept += [text[at : found.start("value")], _masked(found)]
            at = _end(found)
    return "".join((*kept, text[at:]))


def _end(found: re.Match[str]) -> int:
    """Return where the value ends. A passphrase without quotes is the rest of its line."""
    if found["name"].lower().startswith("passphrase") and found["value"][:1] not in "\"'":
        line = found.string.find("\n", found.end("value"))
        return line if line >= 0 else len(found.string)
    return found.end("value")


def _places(text: str) -> Sequence[int]:
    """Return where a secret's name may begin. Searching for each word is faster than one pattern for all of them."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters outside of ASCII change their length
        lowered = text.translate(_LOWER)
    return sorted({place for word in _WORDS for place in _all(lowered, word)})


def _all(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _masked(found: re.Match[str]) -> str:
    value = found["value"]
    if found["gap"] == ">":
        return SLOT + value[value.find("<") :] if "<" in value else SLOT
    return SLOT


@dataclass(frozen=True, slots=True)
class _Name:
    """The whole identifier. ``lead`` is its part before the secret's word, ``mark`` the character before it."""

    lead: str
    text: str
    mark: str
    strong: bool

    @property
    def is_flag(self) -> bool:
        return self.lead.startswith("-")


def _name(found: re.Match[str]) -> _Name:
    start = found.start("name")
    before = found.string[max(0, start - 64) : start]
    part = _BEFORE.search(before)
    lead = part[0] if part else ""
    text = lead + found["name"]
    mark = before[-len(lead) - 1 : len(before) - len(lead)] if len(before) > len(lead) else ""
    constant = text.isupper() and found["gap"].strip() in {"=", ":"}
    return _Name(lead, text, mark, bool(found["strong"]) or constant)


def _is_secret(found: re.Match[str], name: _Name) -> bool:
    gap, value = found["gap"].strip(" \t"), found["value"]
    bare = value[len(found["scheme"] or "") :]
    if _ERROR.search(name.text) or not _separates(gap, name, bare) or _is_no_value(bare, name.text, gap):
        return False
    return _is_named_secret(found, name, bare)


def _separates(gap: str, name: _Name, value: str) -> bool:
    """A blank or a comma separates a flag from its value; ``>`` an element of XML; a blank what looks like a key."""
    if gap == ",":
        return name.is_flag or (name.strong and value[:1] in "\"'")
    if gap == ">":
        return name.mark == "<"
    if gap in {"", "is", "was"}:
        return (name.is_flag and not value.startswith("-")) or (name.strong and _is_key(value, 8))
    return True


def _is_no_value(value: str, name: str, gap: str) -> bool:
    plain = value.strip("\"'`,;)]}\\")
    if not plain or _NOTHING.match(plain) or _PLACEHOLDER.match(plain):
        return plain.isdigit() is False or len(plain) < _SHORT or "token" in name.lower()
    if value[:1] in "\"'\\(":
        return False
    return bool(_CODE.match(value)) or (gap != "=" and bool(_PROSE.match(plain))) or _names_a_variable(plain)


def _names_a_variable(value: str) -> bool:
    return bool(
        re.fullmatch(r"(?:self\.|args\.)?[a-z_]*(?:token|password|passwd|secret|key|pwd|credentials?)s?", value)
    )


def _is_named_secret(found: re.Match[str], name: _Name, value: str) -> bool:
    if found["scheme"]:
        return True
    if name.strong:
        return not (found["strong"] and found["strong"].lower() == "pwd" and value[:1] in "/~")
    word = found["weak"].lower()
    if word == "auth":
        return value.startswith("(") or _is_key(value, _SHORT)
    if word == "key":
        return not _INNOCENT_KEY.search(
            name.lead or found.string[max(0, found.start() - 12) : found.start()]
        ) and _is_key(value, _KEY_LENGTH)
    if word == "token":
        return _is_token(found, name, value)
    return _is_key(value, _SHORT if word in {"pass", "credential"} or word.endswith("pass") else _KEY_LENGTH) or (
        word.endswith("pass") and name.is_flag
    )


def _is_token(found: re.Match[str], name: _Name, value: str) -> bool:
    lead = name.lead or found.string[max(0, found.start() - 12) : found.start()].rstrip()
    if _TOKENIZER.search(lead) or lead.endswith(("ed", "ing")):
        return _is_key(value, 20)
    vendor = bool(
        re.search(
            r"(?i)(?:hf|hub|git\w{0,4}|wandb|slack|api|access|auth|bearer|refresh|session|bot|deploy|npm)[_.-]?$", lead
        )
    )
    assigned = found["gap"] == "=" and not name.lead and value.isalnum() and len(value) > _SHORT
    return vendor or name.is_flag or assigned or _is_key(value, _SHORT)


def _is_key(value: str, length: int) -> bool:
    """Whether a value has digits and letters, or both cases within a word, and no blank in it."""
    plain = value.strip("\"'`,;:)]}(\\.")
    if len(plain) < length or re.search(r"[\s<>|()\[\]{}]", plain):
        return False
    letters, digits = any(map(str.isalpha, plain)), any(map(str.isdigit, plain))
    return (letters and digits) or bool(re.search(r"[a-z][A-Z]{2,}[a-z]|[A-Z]\w?[a-z]+[A-Z]\w*[a-z][A-Z]", plain))
