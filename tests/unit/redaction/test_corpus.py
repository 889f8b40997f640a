"""Secrets of every known form, and lines that only look like them."""

import time
from pathlib import Path

import pytest

from sagewatch.redaction import mask, without_addresses
from tests.unit.redaction.secrets import Secret, secrets

INNOCENT = (Path(__file__).parent / "innocent.txt").read_text("utf-8").splitlines()
SECRETS = tuple(secrets(of_each=3))
_HALF = 8  # characters of a key that would still be of use


def test_the_corpus_is_large() -> None:
    """At least 200 secrets of 60 forms, and 150 lines without one."""
    assert len(SECRETS) >= 200
    assert len({secret.form for secret in SECRETS}) >= 60
    assert len(INNOCENT) >= 150


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.form)
def test_no_secret_is_shown(secret: Secret) -> None:
    """Neither whole nor its end, wherever in a log its line is."""
    shown = mask(f"epoch 1\n{secret.line}\nValueError: boom")

    assert secret.secret not in shown
    assert len(secret.secret) < 2 * _HALF or secret.secret[-_HALF:] not in shown
    assert shown.endswith("ValueError: boom")


@pytest.mark.parametrize("line", INNOCENT)
def test_no_innocent_line_is_masked(line: str) -> None:
    """Code in tracebacks, errors, metrics, paths and hashes stay readable."""
    assert without_addresses(mask(line), None) == line


@pytest.mark.parametrize(
    "piece",
    [
        "a", "a-", "--a", "a@b.c ", "://a:", "://a@", "eyJ", "?x-am", "python x ", "python -a x.py ", "['a', ", "['--a', ",
        'Command "x ', "token=x ", "password: a1b2c3 ", "+ x\n", "secret ", "curl ", "authorization: ", "cookie=a", '"--a',
        "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n", "Ab3dE5gH8jKlMnO9pQrS ", "\n", "\\", "key: ",
    ],
)  # fmt: skip
def test_a_hostile_megabyte_is_masked_in_time(piece: str) -> None:
    """The function that reads it has sixty seconds for ten failures; on an idle machine each takes under one."""
    text = piece * (1_000_000 // len(piece))

    began = time.process_time()
    without_addresses(mask(text), None)

    assert time.process_time() - began < 5
