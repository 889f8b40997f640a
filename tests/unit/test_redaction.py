"""Secrets in the text of jobs."""

import pytest

from sagewatch.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key AKIAIOSFODNN7EXAMPLE leaked", "key [redacted] leaked"),
        ("token=abc123 rest", "token=[redacted] rest"),
        ("aws_secret_access_key: wJalr/K7", "aws_secret_access_key: [redacted]"),
        ("PASSWORD=hunter2", "PASSWORD=[redacted]"),
        (
            "GET https://b.s3.amazonaws.com/k?X-Amz-Signature=ab&x=1 403",
            "GET https://b.s3.amazonaws.com/k?[redacted] 403",
        ),
        (
            "https://lab.notebook.us-east-1.sagemaker.aws?authToken=eyJ",
            "https://lab.notebook.us-east-1.sagemaker.aws?[redacted]",
        ),
        ("slack xoxb-1-2-abc", "slack [redacted]"),
        ("DB_PASSWORD=x HF_TOKEN=y", "DB_PASSWORD=[redacted] HF_TOKEN=[redacted]"),
        ("WANDB_API_KEY=z, client_secret=a", "WANDB_API_KEY=[redacted] client_secret=[redacted]"),
        ('{"password": "hunter2"}', '{"password": [redacted]'),
        ("train.py --api-key abc --lr 0.1", "train.py --api-key [redacted] --lr 0.1"),
        ("postgres://me:p4ss@db/x", "postgres://[redacted]@db/x"),
        ("Authorization: Bearer eyJhbGci", "Authorization: Bearer [redacted]"),
        ("token: Bearer eyJhbGci", "token: [redacted]"),
        ("KeyError: 'label_column'", "KeyError: 'label_column'"),
        ("TokenizerError: vocab.txt is empty", "TokenizerError: vocab.txt is empty"),
        ("unknown keyword: foo", "unknown keyword: foo"),
        (
            "AlgorithmError: exit code: 1, key 'label' not found?",
            "AlgorithmError: exit code: 1, key 'label' not found?",
        ),
    ],
)
def test_secrets_are_replaced_and_the_rest_stays(text: str, shown: str) -> None:
    """What is left still says what happened."""
    assert redact(text) == shown


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_text_is_none(nothing: str | None) -> None:
    """Moto and AWS both answer empty failure reasons."""
    assert redact(nothing) is None


def test_the_longest_and_strangest_text_is_read_in_no_time() -> None:
    """It is cut first: what comes through a replay has no limit of its own."""
    assert redact("?" * 1_000_000) == "?" * 1024
