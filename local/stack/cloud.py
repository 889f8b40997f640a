"""Start, deploy to, describe and stop one local cloud. All its files are in one folder."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_dump, yaml_parse

from local.stack.accounts import HUB
from local.stack.build_cache import build_once
from local.stack.clock import Clock
from local.stack.organization import deploy_spokes
from local.stack.processes import CloudError, begun_at, is_running, spawn, tail, wait_for
from local.stack.template_patches import for_ministack
from tools.layers.build import prepare
from tools.operator import stacks

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTIONS = sorted(app.parent.name.title().replace("_", "") for app in ROOT.glob("functions/*/app.py"))
ACCOUNT = HUB  # MiniStack reads it off the access key
REGION = "us-east-1"
STACK = "sagewatch"
_SECRETS = {"/sagewatch/slack-token": "xoxb-local-token", "/sagewatch/slack-signing-secret": "local-signing-secret"}
_PREFERRED = {"aws": 4566, "sagemaker": 4571, "control": 4572, "slack": 4573, "pricing": 4574}
_STOP_SECONDS = 8
_GROUPS = 2  # the emulators and MiniStack


@dataclass(frozen=True)
class Ports:
    """Where the servers listen on 127.0.0.1."""

    aws: int
    sagemaker: int
    control: int
    slack: int
    pricing: int

    @classmethod
    def choose(cls, *, usual: bool = True) -> "Ports":
        """Reserve the usual ports, and a free one in place of each that is in use."""
        chosen = {name: _free_port(port if usual else 0) for name, port in _PREFERRED.items()}
        return cls(**chosen)


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise CloudError("no port is free on 127.0.0.1")


@dataclass(frozen=True)
class LocalCloud:
    """A local cloud: its folder, its ports and its process groups. It may have ended."""

    home: Path
    ports: Ports
    groups: tuple[int, ...]

    @classmethod
    def start(cls, home: Path, clock: Clock | None = None, *, usual_ports: bool = True) -> "LocalCloud":
        """Start the emulators, with their own clock if one is given, and wait until they answer.

        Raises ``CloudError`` with the end of their log.
        """
        shutil.rmtree(home, ignore_errors=True)
        (home / "tmp").mkdir(parents=True)
        ports = Ports.choose(usual=usual_ports)
        cloud = cls(home, ports, ())
        env = {**cloud.process_env(), **(clock.env() if clock else {})}
        emulators = spawn(_emulators(ports), home / "emulators.log", env, ROOT)
        groups = [emulators.pid]
        try:
            ministack = spawn([sys.executable, "-m", "local.stack.ministack"], home / "ministack.log", env, ROOT)
            groups.append(ministack.pid)
            cloud = cls(home, ports, tuple(groups))
            wait_for(f"{cloud.aws_url}/_ministack/health", ministack, home / "ministack.log")
            wait_for(f"{cloud.slack_url}/messages", emulators, home / "emulators.log")
        except BaseException:
            cls(home, ports, tuple(groups)).stop()
            raise
        state = {"ports": asdict(ports), "groups": {group: begun_at(group) for group in groups}}
        (home / "state.json").write_text(json.dumps(state), encoding="utf-8")
        return cloud

    @classmethod
    def find(cls, home: Path) -> "LocalCloud | None":
        """Find the cloud that was started in this folder. ``runs`` says whether it is still alive."""
        try:
            state = json.loads((home / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        # After a reboot a number can belong to another process: a group is ours only if it started when ours did.
        groups = [int(group) for group, begun in state["groups"].items() if begun_at(int(group)) == begun]
        return cls(home, Ports(**state["ports"]), tuple(groups))

    @property
    def calls(self) -> Path:
        """The file with every AWS call of the functions, for the tests of their roles."""
        return self.home / "calls.jsonl"

    @property
    def runs(self) -> bool:
        """Whether every process of the cloud is alive."""
        return len(self.groups) == _GROUPS

    @property
    def aws_url(self) -> str:
        """MiniStack's URL."""
        return f"http://127.0.0.1:{self.ports.aws}"

    @property
    def slack_url(self) -> str:
        """The local Slack's URL, without ``/api/``."""
        return f"http://127.0.0.1:{self.ports.slack}"

    def aws_env(self) -> dict[str, str]:
        """The variables that point boto3 and the AWS tools at this cloud only."""
        return {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ENDPOINT_URL_PRICING": f"http://127.0.0.1:{self.ports.pricing}",
            "AWS_ENDPOINT_URL_SAGEMAKER": f"http://127.0.0.1:{self.ports.sagemaker}",
            "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": f"http://127.0.0.1:{self.ports.sagemaker}",
            "AWS_ENDPOINT_URL_CLOUDWATCH": f"http://127.0.0.1:{self.ports.sagemaker}",
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": f"http://127.0.0.1:{self.ports.sagemaker}",
        }

    def process_env(self) -> dict[str, str]:
        """The environment of the cloud's processes: this process's, without variables of another AWS account."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
        return {
            **own,
            **self.aws_env(),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(self.ports.aws),
            "LAMBDA_WARM_TTL_SECONDS": "86400",  # keep warmed functions warm
            "MINISTACK_ACCOUNT_ID": ACCOUNT,  # whose HTTP API a request without a signature reaches
            "MINISTACK_HOST": "127.0.0.1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "LOCAL_CLOUD_CALLS": str(self.calls),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "shared", ROOT / "local" / "stack" / "calls"))),
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_DISABLE_UPDATE_CHECK": "1",
            "TMPDIR": str(self.home / "tmp"),
        }

    def session(self) -> boto3.Session:
        """A boto3 session of this cloud's account; pass ``endpoint_url`` to its clients."""
        return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="local", region_name=REGION)  # noqa: S106

    def put_secrets(self) -> None:
        """Store the Slack app's secrets in SSM, as SecureStrings."""
        ssm = self.session().client("ssm", endpoint_url=self.aws_url)
        for name, value in _SECRETS.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def build(self) -> None:
        """Run ``sam build`` and prepare the layers, if the sources changed, and remove what MiniStack lacks.

        Raises ``CloudError`` with sam's output.
        """
        build_once(ROOT, self.home.parent / "builds", self.home / "build", self._build)
        built = self.home / "build" / "template.yaml"
        built.write_text(yaml_dump(for_ministack(yaml_parse(built.read_text(encoding="utf-8")))), encoding="utf-8")

    def _build(self, folder: Path) -> None:
        self._sam("build", "--cached", "--parallel", "--build-dir", str(folder))
        prepare(folder)

    def deploy(self, overrides: Sequence[str]) -> None:
        """Run ``sam deploy``: the template as it is, with this cloud's parameters and ``Name=value`` overrides.

        Raises ``CloudError`` with sam's output.
        """
        own = [
            "EventSources=aws.sagemaker,sagewatch.replay",
            f"SlackApiUrl={self.slack_url}/api/",
            f"AlarmTopicArn={self._topic()}",
        ]
        self._sam(
            *("deploy", "--stack-name", STACK, "--template-file", str(self.home / "build" / "template.yaml")),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *own, *overrides),
        )
        self.connect_buttons()
        self._back_up_ledger()
        self._deploy_spokes()

    def _deploy_spokes(self) -> None:
        """Let the other accounts of the organization be watched, if the stack is a hub."""
        client = self.session().client("cloudformation", endpoint_url=self.aws_url)
        if "HubBusArn" in (hub := stacks.read(client, STACK).values):
            deploy_spokes(hub, self.aws_url)

    def _topic(self) -> str:
        """An SNS topic without subscribers, so that alarms have somewhere to go."""
        sns = self.session().client("sns", endpoint_url=self.aws_url)
        return str(sns.create_topic(Name=f"{STACK}-alarms")["TopicArn"])

    def _back_up_ledger(self) -> None:
        """Switch on what the template asks for and MiniStack leaves out of a new table."""
        self.session().client("dynamodb", endpoint_url=self.aws_url).update_continuous_backups(
            TableName=self.outputs()["CostLedgerName"],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )

    def connect_buttons(self) -> None:
        """Give Slack the app's request URL: MiniStack serves an HTTP API by its host's name, on its own port."""
        url = urllib.parse.urlsplit(self.outputs()["AnswerSlackUrl"])
        order = json.dumps({"url": f"{self.aws_url}{url.path}", "host": url.netloc}).encode()
        with urllib.request.urlopen(f"{self.slack_url}/interactivity", order, timeout=5):  # noqa: S310 - our own server
            pass

    def _sam(self, *arguments: str) -> None:
        log = self.home / f"sam-{arguments[0]}.log"
        with log.open("w", encoding="utf-8") as out:
            done = subprocess.run(
                ["sam", *arguments], cwd=ROOT, env=self.process_env(), stdout=out, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            raise CloudError(f"sam {arguments[0]} failed:\n{tail(log)}")

    def outputs(self) -> dict[str, str]:
        """The deployed stack's outputs."""
        client = self.session().client("cloudformation", endpoint_url=self.aws_url)
        return dict(stacks.read(client, STACK).outputs)

    def warm(self) -> None:
        """Invoke every function once without work, so that the first event does not wait for imports."""
        functions = self.session().client("lambda", endpoint_url=self.aws_url)
        with ThreadPoolExecutor() as pool:
            for name in FUNCTIONS:
                pool.submit(functions.invoke, FunctionName=self.resource(name), Payload=b'{"Records": []}')

    def function_env(self, name: str) -> dict[str, str]:
        """A deployed function's variables, and those that point boto3 at this cloud."""
        functions = self.session().client("lambda", endpoint_url=self.aws_url)
        configuration = functions.get_function_configuration(FunctionName=self.resource(name))
        return {**configuration["Environment"]["Variables"], **self.aws_env()}

    def resource(self, logical_id: str) -> str:
        """The physical ID of a resource of the stack."""
        stack = self.session().client("cloudformation", endpoint_url=self.aws_url)
        resource = stack.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return resource["StackResourceDetail"]["PhysicalResourceId"]

    def env(self) -> dict[str, str]:
        """The content of ``.local/env``: everything that a client of the deployed stack needs."""
        return {
            **self.aws_env(),
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "SAGEMAKER_CONTROL_URL": f"http://127.0.0.1:{self.ports.control}",
            "STACK_NAME": STACK,
            **self.outputs(),
        }

    def write_env(self) -> Path:
        """Write ``env`` as shell lines, and return the file."""
        env = self.env()
        path = self.home / "env"
        path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in env.items()), encoding="utf-8")
        return path

    def stop(self) -> None:
        """End every process of the cloud, with SIGTERM first, and remove its folder."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for group in self.groups:
                with suppress(ProcessLookupError):
                    os.killpg(group, number)
            deadline = time.monotonic() + _STOP_SECONDS
            while any(is_running(group) for group in self.groups) and time.monotonic() < deadline:
                time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)


def unknown_parameters(overrides: Sequence[str]) -> list[str]:
    """The names in ``Name=value`` overrides that the template lacks, which sam would ignore silently."""
    known = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
    return [name for name in (override.partition("=")[0] for override in overrides) if name not in known]


def _emulators(ports: Ports) -> list[str]:
    return [
        *(sys.executable, "-m", "local.stack.servers", "--account", ACCOUNT, "--region", REGION),
        *("--sagemaker-port", str(ports.sagemaker), "--control-port", str(ports.control)),
        *(
            "--pricing-port",
            str(ports.pricing),
            "--slack-port",
            str(ports.slack),
            "--slack-token",
            _SECRETS["/sagewatch/slack-token"],
        ),
        *("--slack-signing-secret", _SECRETS["/sagewatch/slack-signing-secret"]),
    ]
