"""Redact random-looking words: long, of mixed character classes, and of no known form."""

import re

from sagewatch.patterns import lazy_pattern
from sagewatch.redaction.slots import SLOT

_WORD = lazy_pattern(r"(?<![\w+/=.~%-])[\w+/=~-]{20,}+")
_PIECE = lazy_pattern(r"[A-Za-z0-9]{16,}+")
_LONG, _LONGER, _DIGITS = 20, 32, 2
_MOSTLY = 0.5
_SWITCHES = 0.4  # of the neighbours in a word; in random text 0.6 are of different classes, in CamelCase 0.3
# Identifiers that only look random: requests, mangled C++ names, addresses, what follows ``sha256:``.
_NAMED_ID = lazy_pattern(
    r"(?i)(?:host_?id|x-amz-id-2|request[ _-]?id|x-amzn-\w+|trace-?id|digest|etag|root|sha\d{3}|md5)\W{1,4}$"
)
_SYMBOL = lazy_pattern(r"_?_Z|0x|cpython-|s3:|arn:")
_CLASSES = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "0" * 10
)
_HEX = lazy_pattern(r"(?<![\w/.:-])[a-f0-9]{32,64}(?![\w/.-])")
_KEY_LINE = lazy_pattern(r"(?i)\b(?:api[ _-]?keys?|keys?|wandb|login|credentials?|secret|password)\b[^\n]{0,80}?$")
_SECRET_ID = lazy_pattern(r"(?i)\b(?:commit|revision|sha|hash|checksum|digest|etag|md5|cache[ _]?key)\b")


def without_random_words(text: str) -> str:
    """Replace random-looking words of 20 or more characters, and hexadecimal keys after a word such as ``key``."""
    return _HEX.sub(_hexadecimal, _WORD.sub(_word, text))


def _word(found: re.Match[str]) -> str:
    word = found[0]
    if not _looks_random(word) or _SYMBOL.match(word):
        return word
    return word if _NAMED_ID.search(found.string[max(0, found.start() - 30) : found.start()]) else SLOT


def _looks_random(word: str) -> bool:
    if len(word) > 4096:  # noqa: PLR2004 - data, such as an image; its beginning decides
        word = word[:4096]
    kinds = word.translate(_CLASSES)
    if "a" not in kinds or "A" not in kinds or kinds.count("0") < _DIGITS:
        return False
    whole = _is_mixed(kinds, _LONGER) and not _has_words(word)
    return (whole or any(_is_mixed(piece, _LONG) for piece in _PIECE.findall(kinds))) and not _is_camel_case(word)


def _is_camel_case(word: str) -> bool:
    """Whether most of it is the words of names: ``SecondStageFeatureExtractor/cell_12/AvgPool_1``."""
    return sum(map(len, _CAMEL.findall(word))) > _MOSTLY * len(word)


_CAMEL = lazy_pattern(r"[A-Z]?[a-z]{4,}")


def _has_words(word: str) -> bool:
    return len(_WORDS.findall(word)) > 1


_WORDS = lazy_pattern(r"(?<![A-Za-z])(?:[A-Z]?[a-z]{4,}|[A-Z]{4,})(?![A-Za-z])")


def _is_mixed(kinds: str, length: int) -> bool:
    if len(kinds) < length or "a" not in kinds or "A" not in kinds or "0" not in kinds:
        return False
    switches = sum(map(str.__ne__, kinds, kinds[1:]))
    return switches >= _SWITCHES * len(kinds)


def _hexadecimal(found: re.Match[str]) -> str:
    """A bare hash says nothing, unless the line is about a key: W&B's keys are 40 hexadecimal digits."""
    line = found.string.rfind("\n", max(0, found.start() - 120), found.start()) + 1
    before = found.string[max(line, found.start() - 120) : found.start()]
    return SLOT if _KEY_LINE.search(before) and not _SECRET_ID.search(before) else found[0]
