"""Redact the secrets in URLs and headers (passwords, signatures, webhooks, cookies) and e-mail addresses."""

import re

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import SLOT, words

# user:password@host; the password may hold @ and /. A port followed by a path is no password.
_WITH_PASSWORD = lazy_pattern(r"""(?<=://)[^\s/:@"'<>]{0,200}+:(?!\d{2,5}(?:[/?\s"'),]|\Z))[^\s"'<>]{1,500}@""")
_WITH_TOKEN = lazy_pattern(r"""(?<=://)(?!git@|ec2-user@|hadoop@|root@|hdfs@)[^\s/:@"'<>?]{1,500}+(?=@)""")
_WEBHOOK = lazy_pattern(
    r"""(?x)((?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|[\w-]{1,60}\.webhook\.office\.com/webhookb2
    |outlook\.office(?:365)?\.com/webhook|chat\.googleapis\.com/v1/spaces|hooks\.zapier\.com|maker\.ifttt\.com
    |api\.telegram\.org/(?=bot)|open\.(?:feishu|larksuite)\.[a-z]{2,3}/open-apis/bot|events\.pagerduty\.com/integration
    |hook\.[a-z]{2}\d\.make\.com|/hooks(?=/[a-z0-9]{26}\b))/?)[^\s"'<>]+"""
)
_WEBHOOK_HOSTS = tuple(
    ("hooks. discord .office .googleapis. maker. api.telegram. open. events.pagerduty. hook. /hooks/").split()  # noqa: SIM905 - a list of words reads better
)
_QUERY = lazy_pattern(r"""([?#])([^\s"'<>?#]{1,8000}+)""")
_SIGNED = lazy_pattern(
    r"(?i)(?:^|[&;])(?:x-amz-|x-goog-|x-oss-|awsaccesskeyid|key-pair-id|[\w.%-]{0,40}?(?:token|signature|secret|passw|apikey|api_key|auth)"
    r"|(?:sig|sign|key|code|policy|hdnea|jwt|pwd|pass|session|sid)=)"
)
_AUTHORIZATION = lazy_pattern(r"""(?i)(authorization\\?["']?\s{0,3}[:=,]\s{0,3}\\?["']?)(?!\[)[^\n"'\\]+""")
_COOKIE = lazy_pattern(r"""(?i)(cookies?\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)(?=[\w.%-]{1,60}=)[^\n"'\\]+""")
_BEARER = lazy_pattern(r"(?i)(bearer )(?=[\w.~+/=-]{0,200}?\d|[\w.~+/=-]{16})[\w.~+/=-]{6,}+")
_SESSION = lazy_pattern(r"""(?i)((?:_gitlab_session|sessionid|phpsessid|csrftoken|connect\.sid|_xsrf)=)[^\s;"']+""")
_HEADERS = (
    (_AUTHORIZATION, ("authorization",)),
    (_COOKIE, ("cookie",)),
    (_BEARER, ("bearer ",)),
    (_SESSION, ("_session=", "sessionid=", "phpsessid=", "csrftoken=", "connect.sid=", "_xsrf=")),
)


def without_credentials(text: str) -> str:
    """Replace passwords in URLs, signed query strings, paths of webhooks, and headers that authorize."""
    if "://" in text:
        text = _WITH_TOKEN.sub(SLOT, _WITH_PASSWORD.sub(f"{SLOT}@", text))
    if any(host in text for host in _WEBHOOK_HOSTS):
        text = _WEBHOOK.sub(rf"\1{SLOT}", text)
    text = _QUERY.sub(_query, text) if "?" in text or "#" in text else text
    lowered = text.lower()
    for header, signs in _HEADERS:
        if any(sign in lowered for sign in signs):
            text = header.sub(_header, text)
    return text


def _header(found: re.Match[str]) -> str:
    """Keep the header's name, and the scheme (``Bearer``), which says what kind of key was sent."""
    scheme = _SCHEME.match(found[0], len(found[1]))
    return f"{found[1]}{scheme[0] if scheme else ''}{SLOT}"


_SCHEME = lazy_pattern(r"(?i)(?:basic|bearer|token|digest|negotiate|aws4-hmac-sha256)[ ]")


def _query(found: re.Match[str]) -> str:
    return f"{found[1]}{SLOT}" if _SIGNED.search(found[2]) else found[0]


_ADDRESS = lazy_pattern(
    r"(?<![\w.%+-])(?!git@)([\w.%+-]{1,64}+)@([\w-]{1,63}+(?:\.[\w-]{1,63}+){0,8})\.([^\W\d_]{2,24})(?![\w(\[@]|\.\w)"
)
# In code ``a@b.mT`` multiplies matrices. So the last part is a country's, a well-known one, or the name looks like mail.
_COMMON = words(
    "com org net edu gov mil int info biz dev app cloud tech online xyz company agency global health bank "
    "email team work site store space academy studio digital systems solutions software science"
)
_COUNTRY = 2


def without_addresses(text: str, own: str | None) -> str:
    """Replace e-mail addresses, all but the owner's own, whom the message names in any case."""
    mine = (own or "").lower()
    return _ADDRESS.sub(lambda found: _address(found, mine), text) if "@" in text else text


def _address(found: re.Match[str], mine: str) -> str:
    if found[0].lower() == mine or not _is_mail(found[1], found[2], found[3]):
        return found[0]
    return SLOT


def _is_mail(local: str, domain: str, last: str) -> bool:
    if last.lower() in _COMMON or (len(last) == _COUNTRY and (last.islower() or last.isupper())):
        return True
    return "." in domain and local.lower() not in {"q", "k", "v", "x", "w", "self", "a", "b"}
