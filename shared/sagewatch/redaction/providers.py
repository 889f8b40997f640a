"""Redact keys and tokens that have a provider's prefix.

The forms are those of the default rules of gitleaks 8, as far as they need no name before the value, and of
providers that its rules do not know.
"""

import re

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import SLOT

_FORMS = (
    # Clouds
    r"A(?:3T[A-Z0-9]|KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    r"(?:FwoG|IQoJ|FQoG)[\w+/=-]{40,}+",  # AWS session tokens
    r"ABSK[\w+/=]{60,}+|bedrock-api-key-[\w+/=-]{20,}+",
    r"AIza[\w-]{30,}+|ya29\.[\w.-]{20,}+|GOCSPX-[\w-]{20,}+|1//0[\w-]{20,}+",
    r"LTAI[A-Za-z0-9]{16,}+|AQVN[\w-]{35,}+|do[opr]_v1_[a-f0-9]{64}|v1\.0-[a-f0-9]{24}-[a-f0-9]{100,}+",
    r"HRKU-AA[\w-]{40,}+|fo1_[\w-]{43}|fm[12][ar]?_[\w+/=]{60,}+|pul-[a-f0-9]{40}|ico-[A-Za-z0-9]{32}",
    # Code and packages
    r"gh[opsur]_\w{20,}+|github_pat_\w{20,}+|gl[a-z]{2,6}-[\w.-]{20,}+|glcbt-\w{20,}+|GR1348941[\w-]{20}",
    r"ATBB\w{28,}+|ATATT3[\w=-]{60,}+|npm_\w{20,}+|pypi-[\w-]{20,}+|dckr_[a-z]{3}_[\w-]{20,}+|rubygems_\w{40,}+",
    r"CLOJARS_\w{60}|oy2[a-z0-9]{43}|AKCp\w{60,}+|cmVmd\w{55,}+|sgp_\w{40,}+|sq[apu]_[a-f0-9]{40}",
    # Models and data
    r"hf_\w{20,}+|api_org_\w{20,}+|sk-(?:proj|svcacct|admin|ant|or|lf|None)-[\w-]{16,}+|sk-[A-Za-z0-9]{20,}+",
    r"gsk_\w{20,}+|r8_\w{20,}+|xai-[\w-]{20,}+|pcsk_\w{20,}+|pplx-\w{20,}+|lsv2_[a-z]{2}_\w{20,}+|tgp_v1_[\w-]{20,}+",
    r"nvapi-[\w-]{20,}+|fw_[A-Za-z0-9]{20,}+|co-[A-Za-z0-9]{36,}+|jina_\w{40,}+|wandb_v1_\w{20,}+|wandb-[a-f0-9]{40}",
    r"da(?:pi|se)[a-f0-9]{32}|do(?:se|pi)[a-f0-9]{32}|tvly-[\w-]{20,}+|pnu_\w{30,}+|AGE-SECRET-KEY-1\w{50,}+",
    r"r_[a-f0-9]{40}|phc_\w{40,}+|esecret_\w{20,}+|vck_\w{20,}+|sbp_[a-f0-9]{40}|sb_secret_[\w-]{20,}+",
    # Chat and mail
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{6,}+|xapp-[\w-]+|SG\.[\w.=-]{40,}+|SK[a-fA-F0-9]{32}|key-[a-f0-9]{32}",
    r"xkeysib-[\w-]{40,}+|pubkey-[a-f0-9]{32}|[a-f0-9]{32}-us\d{1,2}\b|\d{8,10}:AA[\w-]{32,}+",
    # Payment and business
    r"(?:sk|rk|pk)_(?:live|test|prod)_\w{10,}+|whsec_[\w+/=]{20,}+|sq0[a-z]{3}-[\w-]{20,}+|EAAA[\w-]{40,}+",
    r"EAA[MC][A-Za-z0-9]{60,}+|EZ[AT]K\w{50,}+|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|shippo_\w{40,}+|duffel_\w{10,}[\w=-]*",
    r"FLW(?:SECK|PUBK)_TEST-[\w-]{12,}+|lin_api_\w{30,}+|ntn_\w{30,}+|secret_[A-Za-z0-9]{43}|PMAK-[\w-]{40,}+",
    r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}|pat-[a-z]{2}\d-[a-f0-9-]{36}|fio-u-[\w=-]{60,}+|rdme_\w{60,}+|tfp_[\w.=-]{50,}+",
    r"A3-[A-Z0-9]{6}-[A-Z0-9-]{20,}+|ops_eyJ[\w+/=]{40,}+|p8e-\w{32}|\w{6}_\w{29}_mmk|access-[a-z]{4,11}-[a-f0-9-]{36}",
    # Operations
    r"hv[sbr]\.[\w-]{24,}+|[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}+|dp\.[a-z]{2,5}\.\w{40,}+|dt0c\d\d\.[\w.]{60,}+",
    r"glc_[\w+/=]{32,}+|glsa_\w{32}_\w{8}|sntry[su]_[\w+/=]{40,}+|NR[A-Z]{2}-[\w-]{19,}+|pscale_[a-z]{2,5}_[\w=.-]{32,}+",
    r"sha256~[\w-]{43}|tk-us-[\w-]{48}|API-[A-Z0-9]{26}|sm_[aps]at_\w{16}|(?:pat|sat)\.[\w-]{22}\.\w{24}\.\w{20}",
    r"dnkey-[\w=-]{60,}+|(?:sc|ext|scauth|authress)_\w{5,30}\.\w{4,6}\.acc[_-][\w.+/=-]{40,}+|s-s4t2[a-z]{2}-[a-f0-9]{64}",
    r"4b1d[A-Za-z0-9]{38}(?!\w)|[\w~.]{3}\dQ~[\w~.-]{31,34}|sl\.[\w=-]{100,}+|\d{15,16}\|[\w-]{27,40}",
    # JSON web tokens, signed or encrypted, and the same in base64
    r"ey[JI][\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+){0,3}|ey[JI]rIjoi[\w+/=]{60,}+|ZXlK[\w+/=]{40,}+|eyJ[\w+/=-]{60,}+",
)
_WORD = lazy_pattern(r"[\w.~+/=|:-]{10,}+")
_PROVIDER = lazy_pattern(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_FORMS)})")


def without_provider_keys(text: str) -> str:
    """Replace what has the form of a provider's key."""
    return _WORD.sub(_word, text)


def _word(found: re.Match[str]) -> str:
    r"""The ``n`` of a literal ``\n`` is no part of the key behind it."""
    word = found[0]
    escaped = found.string[found.start() - 1 : found.start()] == "\\" and word[0] in "nrt"
    return word[0] + _PROVIDER.sub(SLOT, word[1:]) if escaped else _PROVIDER.sub(SLOT, word)
