"""Secrets in the text of jobs."""

import time

import pytest

from sagewatch.redaction import mask, redact, without_addresses


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
        ('{"password": "hunter2"}', '{"password": [redacted]}'),
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


GITHUB, OPENAI, STRIPE = f"ghp_{'a1B2' * 9}", f"sk-proj-{'Ab3_' * 10}", f"sk_live_{'a1B2' * 6}"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"aws_secret_access_key = {SECRET_KEY}", "aws_secret_access_key = [redacted]"),
        (f"'SecretAccessKey': '{SECRET_KEY}', 'x': 1", "'SecretAccessKey': [redacted], 'x': 1"),
        (f"AWS_SECRET_ACCESS_KEY={SECRET_KEY}", "AWS_SECRET_ACCESS_KEY=[redacted]"),
        ("ASIAIOSFODNN7EXAMPLE", "[redacted]"),
        (f"AWS_SESSION_TOKEN=FwoG{'a' * 60}", "AWS_SESSION_TOKEN=[redacted]"),
        (f"creds: IQoJb3JpZ2luX2Vj{'Aa/+' * 20}==", "creds: [redacted]"),
        (f"cloning with {GITHUB}", "cloning with [redacted]"),
        (f"github_pat_{'1A' * 20} expired", "[redacted] expired"),
        (f"huggingface-cli login hf_{'aB' * 15}", "huggingface-cli login [redacted]"),
        (f"openai {OPENAI}!", "openai [redacted]!"),
        (f"openai sk-{'a1B2' * 12}", "openai [redacted]"),
        (STRIPE, "[redacted]"),
        ("xoxp-12-34-ab and xapp-1-A-2", "[redacted] and [redacted]"),
        ("POST https://hooks.slack.com/services/T0/B0/xyz", "POST https://hooks.slack.com/[redacted]"),
        (f"cookie {JWT}", "cookie [redacted]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("mysql+pymysql://root:toor@db.internal:3306/x", "mysql+pymysql://[redacted]@db.internal:3306/x"),
        (
            "https://acc.blob.core.windows.net/c?sv=2020&sig=ab%3D",
            "https://acc.blob.core.windows.net/c?[redacted]",
        ),
        ('password="a b c" host=x', "password=[redacted] host=x"),
        ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": [redacted]}'),
        ("db_pwd: hunter2", "db_pwd: [redacted]"),
        ("hf_token: abcdefgh", "hf_token: [redacted]"),
        ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=[redacted]"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nnext",
            "[redacted]\nnext",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "[redacted]"),
        (
            'Command "/miniconda3/bin/python3.9 train.py --epochs 10 --customer acme"',
            'Command "/miniconda3/bin/python3.9 train.py [arguments left out]"',
        ),
        ("/usr/bin/python3 -u train.py --lr 0.1", "/usr/bin/python3 -u train.py [arguments left out]"),
        ("python -m torch.distributed.run --nproc 4", "python -m torch.distributed.run [arguments left out]"),
        ('Command "mpirun -np 8 train.py --x 1" failed', 'Command "mpirun [arguments left out]" failed'),
    ],
)
def test_a_log_line_is_masked(line: str, shown: str) -> None:
    """Keys and tokens by their shape or their name, the arguments of a job by where they stand."""
    assert mask(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '  File "/opt/ml/code/train.py", line 41, in main',
        "    loader = DataLoader(ds, batch_size=args.batch_size, num_workers=4)",
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.31 GiB (GPU 0; 14.76 GiB total capacity)",
        "RuntimeError: Expected all tensors to be on the same device",
        "KeyError: 'token'",
        "tokens: 1024, max_token: 512",
        "eos_token: </s>, pad_token='[PAD]'",
        "epoch 3 loss=0.231 accuracy=0.91 lr=1e-4",
        "s3://ml-team-artifacts/models/fraud-xgb/output/model.tar.gz",
        "GET https://huggingface.co/api/models?limit=10&full=true 200",
        "arn:aws:sagemaker:us-east-1:111122223333:training-job/fraud-xgb-2026-11-25-10-31-22-123",
        "sk-learn-pipeline-2026-11-25-10-31-22-123",
        "commit 0cc175b9c0f1b6a831c399e269772661a1b2c3d4",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "PWD=/opt/ml/code",
        "Python 3.10 - torch 2.1",
        "python train.py",
        "Secrets Manager is not configured",
        "Collecting git+https://github.com/org/repo.git@v1.2.3",
        "123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_an_ordinary_log_line_stays(line: str) -> None:
    """What happened must remain readable."""
    assert mask(line) == line
    assert without_addresses(line, None) == line


@pytest.mark.parametrize(
    ("text", "own", "shown"),
    [
        ("mail bo@example.com", None, "mail [redacted]"),
        ("ana@example.com and bo@example.com", "ana@example.com", "ana@example.com and [redacted]"),
        ("Ana@Example.com", "ana@example.com", "Ana@Example.com"),
        ("role/bo.smith+x@mail.example.co.uk/session", None, "role/[redacted]/session"),
        ("git@github.com:org/repo.git", None, "git@github.com:org/repo.git"),
        ("@app.route and repo@v1.2 and a@b", None, "@app.route and repo@v1.2 and a@b"),
    ],
)
def test_only_the_owners_own_address_is_shown(text: str, own: str | None, shown: str) -> None:
    """The message shows it next to the text anyway, and the others are unrelated."""
    assert without_addresses(text, own) == shown


@pytest.mark.parametrize(
    "piece", ["a", "token", "a-", "a.", "?", "-----BEGIN ", "python ", "://a:", "eyJa", "a@a.", '"']
)
def test_the_end_of_a_log_is_masked_in_no_time(piece: str) -> None:
    """Whatever it holds: 200 events of 1,000 characters."""
    text = "\n".join([(piece * 1000)[:1000]] * 200)
    began = time.process_time()
    without_addresses(mask(text), None)

    assert time.process_time() - began < 3


def test_a_reason_is_shown_without_what_cannot_be_seen() -> None:
    """Text that turns its direction around, or hides a character, reads as it is."""
    assert redact("cost\u202e001$ \u200bof\ufeff a\x1b[31m run\n\tnext") == "cost001$ of a[31m run\n\tnext"
