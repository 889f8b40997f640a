"""Recipes of secrets: what a log line looks like that holds one, made from a seed so that no file holds a key.

The forms are those of the default rules of gitleaks 8, of public issue threads, and of what commands and frameworks
print.
"""

import random
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_WORD = string.ascii_letters + string.digits
_BASE64 = f"{_WORD}+/"


@dataclass(frozen=True, slots=True)
class Secret:
    """One line of a log, and the part of it that no message may show."""

    form: str
    line: str
    secret: str


class Source:
    """Random words of the alphabets that keys are made of. A password always has a letter and a digit."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test's data

    def of(self, length: int, alphabet: str = _WORD) -> str:
        """Return a random word, which begins as words of that length do: a lower-case, an upper-case letter, a digit."""
        head = "".join(
            self._random.choice(part) for part in (string.ascii_lowercase, string.ascii_uppercase, "23456789")
        )
        plain = "".join(self._random.choice(alphabet) for _ in range(length))
        return head[:length] + plain[3:] if alphabet in {_WORD, _BASE64} else plain

    def hex(self, length: int) -> str:
        """Return random hexadecimal digits."""
        return "a1" + self.of(length - 2, "0123456789abcdef")

    def upper(self, length: int) -> str:
        """Return random capital letters and digits, as in the ids of AWS keys."""
        return self.of(length, string.ascii_uppercase + "234567")


_FORMS: Mapping[str, tuple[str, Callable[[Source], str]]] = {
    "AWS access key id": ("key {} used", lambda r: "AKIA" + r.upper(16)),
    "AWS temporary key id": ("x={}", lambda r: "ASIA" + r.upper(16)),
    "AWS secret in the environment": ("AWS_SECRET_ACCESS_KEY={}", lambda r: r.of(40, _BASE64)),
    "AWS secret in a dict": ("{{'aws_secret_access_key': '{}', 'region': 'eu-west-1'}}", lambda r: r.of(40, _BASE64)),
    "AWS secret in JSON": ('{{"AccessKeyId": "x", "SecretAccessKey": "{}"}}', lambda r: r.of(40, _BASE64)),
    "AWS secret in an ini file": ("aws_secret_access_key   =   {}", lambda r: r.of(40, _BASE64)),
    "AWS secret behind a tab": ("aws_secret_access_key\t{}", lambda r: r.of(40, _BASE64)),
    "AWS session token": ("Token {} expired", lambda r: "IQoJ" + r.of(300)),
    "AWS session token in a repr": ("SessionToken='{}'", lambda r: "FQoGZXIvYXdzE" + r.of(200)),
    "GitHub token": ("remote: {}", lambda r: "ghp_" + r.of(36)),
    "GitHub fine-grained token": ("x {}", lambda r: "github_pat_" + r.of(22) + "_" + r.of(59)),
    "git remote with a token": (
        "fatal: could not read from https://{}@github.com/a/b.git",
        lambda r: "ghs_" + r.of(36),
    ),
    "git remote of another vendor": (
        "fatal: unable to access 'https://{}@git.example.com/a/b.git/'",
        lambda r: r.of(40),
    ),
    "GitLab token": ("x {}", lambda r: "glpat-" + r.of(20)),
    "GitLab runner token": ("x {}", lambda r: "glrt-" + r.of(20)),
    "Bitbucket password": ("x {}", lambda r: "ATBB" + r.of(32)),
    "Slack bot token": ("x {}", lambda r: "xoxb-123456789012-123456789012-" + r.of(24)),
    "Slack webhook": ("post https://hooks.slack.com/services/{}", lambda r: "T0/B0/" + r.of(24)),
    "Discord webhook": ("https://discord.com/api/webhooks/123456789/{}", lambda r: r.of(68)),
    "Teams webhook": (
        "https://x.webhook.office.com/webhookb2/{}",
        lambda r: r.hex(32) + "@" + r.hex(32) + "/IncomingWebhook/" + r.hex(32),
    ),
    "Telegram bot": ("https://api.telegram.org/bot{}/sendMessage", lambda r: "123456789:AA" + r.of(33)),
    "Hugging Face token": ("x {}", lambda r: "hf_" + r.of(34)),
    "Hugging Face organization token": ("x {}", lambda r: "api_org_" + r.of(34)),
    "OpenAI key": ("Incorrect API key provided: {}", lambda r: "sk-" + r.of(48)),
    "OpenAI project key": ("x {}", lambda r: "sk-proj-" + r.of(60) + "_" + r.of(40)),
    "Anthropic key": ("x {}", lambda r: "sk-ant-api03-" + r.of(90) + "-AA"),
    "OpenRouter key": ("x {}", lambda r: "sk-or-v1-" + r.hex(64)),
    "Google API key": ("x {}", lambda r: "AIza" + r.of(35)),
    "Google access token": ("x {}", lambda r: "ya29.a0" + r.of(120)),
    "Google client secret": ("x {}", lambda r: "GOCSPX-" + r.of(28)),
    "Google refresh token": ("x {}", lambda r: "1//0g" + r.of(60)),
    "GCP service account": ('{{"type": "service_account", "private_key_id": "{}", "x": 1}}', lambda r: r.hex(40)),
    "JSON web token": ("x {}", lambda r: "eyJhbGciOiJIUzI1NiJ9." + r.of(60) + "." + r.of(43)),
    "PEM": ("-----BEGIN RSA PRIVATE KEY-----\n{}\nabcd==\n-----END RSA PRIVATE KEY-----", lambda r: r.of(64)),
    "PEM on one line": ("key: -----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n", lambda r: r.of(64)),
    "PEM without its beginning": ("{}\n-----END RSA PRIVATE KEY-----", lambda r: r.of(64)),
    "PEM without its end": ("-----BEGIN PRIVATE KEY-----\n{}", lambda r: r.of(64)),
    "PGP": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n=aB3d\n-----END PGP PRIVATE KEY BLOCK-----",
        lambda r: r.of(64),
    ),
    "password in a URL": ("https://ana:{}@db.example.com/x", lambda r: r.of(12)),
    "password with a slash in a URL": ("postgresql://ana:{}@db.example.com/x", lambda r: "a/b" + r.of(9)),
    "password with an at sign in a URL": ("postgresql://ana:{}@db.example.com/x", lambda r: "p@ss" + r.of(9)),
    "password of Redis": ("redis://:{}@cache:6379/0", lambda r: r.of(14)),
    "password in an assignment": ("password={}", lambda r: r.of(10)),
    "password in ODBC": ("UID=sa;PWD={};", lambda r: r.of(10)),
    "passphrase of many words": ("passphrase = correct horse {}", lambda r: r.of(7)),
    "DB_PASS": ("DB_PASS={}", lambda r: r.of(10)),
    "name with a suffix": ("DB_PASSWORD_RO={}", lambda r: r.of(10)),
    "plural name": ("HF_TOKENS={}", lambda r: r.of(10)),
    "numbered name": ("TOKEN2={}", lambda r: r.of(10)),
    "os.environ": ("os.environ['DB_PASSWORD'] = '{}'", lambda r: r.of(10)),
    "flag": ("mysql --user a --password {}", lambda r: r.of(10)),
    "mysql -p": ("mysql -u a -p{}", lambda r: r.of(10)),
    "curl -u": ("curl -u ana:{} https://x", lambda r: r.of(12)),
    "pair of auth": ("requests.get(url, auth=('user', '{}'))", lambda r: r.of(12)),
    "keyword argument": ("connect(host='h', password='{}')", lambda r: r.of(10)),
    "escaped quote": ('password="a\\"{}"', lambda r: r.of(10)),
    "YAML, next line": ("db:\n  password:\n    {}", lambda r: r.of(10)),
    "XML": ("<password>{}</password>", lambda r: r.of(10)),
    "sentence": ("the password is {}", lambda r: r.of(10)),
    "form": ("grant_type=x&client_secret={}&scope=a", lambda r: r.of(30)),
    "W&B in the environment": ("WANDB_API_KEY={}", lambda r: r.hex(40)),
    "W&B bare": ("wandb: Appending key for api.wandb.ai: {}", lambda r: r.hex(40)),
    "W&B login": ("wandb login {}", lambda r: r.hex(40)),
    "Databricks token": ("x {}", lambda r: "dapi" + r.hex(32)),
    "npm token": ("x {}", lambda r: "npm_" + r.of(36)),
    "PyPI token": ("x {}", lambda r: "pypi-AgEIcHlwaS5vcmc" + r.of(60)),
    "Docker token": ("x {}", lambda r: "dckr_pat_" + r.of(27)),
    "Azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
        lambda r: r.of(86, _BASE64) + "==",
    ),
    "Azure SAS": ("https://a.blob.core.windows.net/c/b?sv=2020&ss=b&sig={}&se=2026", lambda r: r.of(43) + "%3D"),
    "Azure service bus": ("Endpoint=sb://x/;SharedAccessKeyName=k;SharedAccessKey={}", lambda r: r.of(43) + "="),
    "presigned URL": (
        "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=c&X-Amz-Signature={}",
        lambda r: r.hex(64),
    ),
    "CloudFront URL": ("https://d.cloudfront.net/k?Expires=1&Signature={}&Key-Pair-Id=K", lambda r: r.of(80)),
    "notebook URL": ("https://x.notebook.us-east-1.sagemaker.aws?authToken={}", lambda r: r.of(60)),
    "Jupyter URL": ("http://127.0.0.1:8888/lab?token={}", lambda r: r.hex(48)),
    "Bearer in a dict": ("headers={{'Authorization': 'Bearer {}'}}", lambda r: r.of(30)),
    "Basic": ("Authorization: Basic {}", lambda r: r.of(30)),
    "Basic in a dict": ("{{'Authorization': 'Basic {}'}}", lambda r: r.of(30)),
    "token scheme": ("Authorization: token {}", lambda r: r.of(30)),
    "header of an API": ("'x-api-key': '{}'", lambda r: r.of(30)),
    "Cookie": ("Cookie: session={}; csrftoken=1", lambda r: r.of(30)),
    "Set-Cookie": ("Set-Cookie: sid={}; Path=/", lambda r: r.of(30)),
    "SendGrid key": ("x {}", lambda r: "SG." + r.of(22) + "." + r.of(43)),
    "Stripe key": ("x {}", lambda r: "rk_live_" + r.of(24)),
    "Twilio key": ("x {}", lambda r: "SK" + r.hex(32)),
    "Mailgun key": ("x {}", lambda r: "key-" + r.hex(32)),
    "Terraform token": ("x {}", lambda r: r.of(14) + ".atlasv1." + r.of(60)),
    "Vault token": ("x {}", lambda r: "hvs." + r.of(90)),
    "Pinecone key": ("x {}", lambda r: "pcsk_" + r.of(60)),
    "Groq key": ("x {}", lambda r: "gsk_" + r.of(52)),
    "Replicate key": ("x {}", lambda r: "r8_" + r.of(37)),
    "xAI key": ("x {}", lambda r: "xai-" + r.of(80)),
    "LangSmith key": ("x {}", lambda r: "lsv2_pt_" + r.hex(32) + "_" + r.hex(10)),
    "bare key in a call": ("Client('{}')", lambda r: r.of(40)),
    "package index": (
        "Looking in indexes: https://aws:{}@d-1.d.codeartifact.us-east-1.amazonaws.com/pypi/x/simple/",
        lambda r: r.of(60),
    ),
    "os.environ dump": ("environ({{'PATH': '/bin', 'SECRET': '{}', 'HF': 'x'}})", lambda r: r.of(20)),
    "Namespace": ("args: Namespace(epochs=3, hf_token='{}', lr=1)", lambda r: r.of(20)),
    "Namespace, plain argument": ("args: Namespace(epochs=3, customer='{}')", lambda r: r.of(8)),
    "argv list": (
        "subprocess.CalledProcessError: Command '['python', 'train.py', '--db-pass', '{}']' returned non-zero exit status 1.",
        lambda r: r.of(12),
    ),
    "argv list, double quotes": (
        'cmd: ["/opt/conda/bin/python3.10", "train.py", "--customer", "{}"]',
        lambda r: r.of(12),
    ),
    "command of the toolkit": ('Command "/opt/conda/bin/python3.10 train.py --customer {}"', lambda r: r.of(12)),
    "torchrun in a command": ('Command "torchrun --nproc 8 train.py --x {}"', lambda r: r.of(12)),
    "spark-submit": (
        "Command 'bin/spark-submit --conf spark.hadoop.fs.s3a.secret.key={} job.py' died with <Signals.SIGKILL: 9>.",
        lambda r: r.of(12),
    ),
    "Spark setting": ("spark.hadoop.fs.s3a.secret.key={}", lambda r: r.of(12)),
    "shell trace": ("+ torchrun --nnodes=1 train.py --customer {}", lambda r: r.of(12)),
    "accelerate": ("+ accelerate launch train.py --hub {}", lambda r: r.of(12)),
    "mpirun": ("mpirun -np 8 -x KEY={} python train.py", lambda r: r.of(12)),
    "argparse": ("train.py: error: unrecognized arguments: --customer {}", lambda r: r.of(12)),
    "argparse, value": ("train.py: error: argument --lr: invalid float value: '{}'", lambda r: r.of(12)),
    "bash, killed": (
        "train.sh: line 3:   345 Killed                  python train.py --customer {}",
        lambda r: r.of(12),
    ),
    "hyperparameters": ('Hyperparameters: {{"customer": "{}"}}', lambda r: r.of(12)),
    "Adafruit": ("adafruit_io_setting = {}", lambda r: r.hex(32)),
    "Heroku": ("heroku_app = '{}'", lambda r: r.hex(8) + "-" + r.hex(4) + "-4a1b-8c2d-" + r.hex(12)),
    "Okta": ("okta_client: {}", lambda r: "00" + r.of(40)),
    "Datadog": ("DD_API_KEY={}", lambda r: r.hex(32)),
    "Sentry": ("SENTRY_VALUE={}", lambda r: r.hex(64)),
    "Snyk": ("snyk_token={}", lambda r: r.hex(8) + "-" + r.hex(4) + "-4a1b-8c2d-" + r.hex(12)),
    "Kaggle": ('{{"username": "ana", "key": "{}"}}', lambda r: r.hex(32)),
}


def secrets(of_each: int) -> Iterator[Secret]:
    """Yield so many secrets of each form."""
    for seed in range(of_each):
        source = Source(seed)
        for form, (line, make) in _FORMS.items():
            secret = make(source)
            yield Secret(form, line.format(secret), secret)
