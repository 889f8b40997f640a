"""Where Studio's idle shutdown is off, too long or cannot work, what runs there, and the call that fixes it."""

from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from sagewatch.errors import AccessDeniedError
from sagewatch.standing.studio.findings import Fault, Finding, findings
from sagewatch.standing.studio.reading import read_domains
from sagewatch.standing.studio.settings import Domain
from tests.fakes.standing import CannedReads
from tests.unit.standing.test_other_kinds import RATES

Json = dict[str, Any]
ON = {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 120, "MaxIdleTimeoutInMinutes": 240}


def idle(**settings: Any) -> Json:
    """A block of settings."""
    return {"AppLifecycleManagement": {"IdleSettings": settings}}


class Studio:
    """One domain, with idle shutdown on for both app types, and nothing in it."""

    def __init__(self) -> None:
        """Fine."""
        self.settings: Json = {"JupyterLabAppSettings": idle(**ON), "CodeEditorAppSettings": idle(**ON)}
        self.lists: dict[str, list[Json]] = {"ListDomains": [{"DomainId": "d-1"}], "ListApps": []}
        self.answers: dict[tuple[str, str], Any] = {}

    def profile(self, name: str, **settings: Any) -> None:
        """A user profile."""
        self.lists.setdefault("ListUserProfiles", []).append({"DomainId": "d-1", "UserProfileName": name})
        self.answers["DescribeUserProfile", name] = {"UserSettings": settings}

    def space(self, name: str, sharing: str = "Private", **settings: Any) -> None:
        """A space."""
        self.lists.setdefault("ListSpaces", []).append({"DomainId": "d-1", "SpaceName": name})
        sharing_settings = {"SharingType": sharing}
        self.answers["DescribeSpace", name] = {"SpaceSettings": settings, "SpaceSharingSettings": sharing_settings}

    def app(self, app_type: str, instance_type: str, image: str = "2.1.0", **place: str) -> None:
        """An app in service."""
        spec = {"InstanceType": instance_type, "SageMakerImageVersionAlias": image}
        app = {"DomainId": "d-1", "AppType": app_type, "AppName": "default", "Status": "InService"}
        self.lists["ListApps"].append({**app, "ResourceSpec": spec, **place})

    def read(self) -> Any:
        """The domain."""
        self.answers["DescribeDomain", "d-1"] = {"DomainId": "d-1", "DefaultUserSettings": self.settings}
        [domain] = read_domains(CannedReads(self.lists, self.answers), RATES)
        return domain

    def found(self) -> list[Finding]:
        """The findings."""
        domain = self.read()
        assert isinstance(domain, Domain)
        return list(findings(domain))

    def faults(self) -> list[tuple[str, str, str]]:
        """Fault, place and app type."""
        return [(each.fault, each.place, each.app_type) for each in self.found()]


def test_a_domain_with_idle_shutdown_has_no_finding() -> None:
    """Whatever runs in it."""
    studio = Studio()
    studio.profile("ana")
    studio.app("JupyterLab", "ml.g5.xlarge", SpaceName="s")

    assert studio.found() == []


def test_a_domain_without_idle_shutdown_shows_what_runs_under_it_and_the_call() -> None:
    """Everything else of the block is in the call, because UpdateDomain may replace lists."""
    studio = Studio()
    studio.settings["JupyterLabAppSettings"] = {"LifecycleConfigArns": ["arn:lcc"]}
    studio.profile("ana")
    studio.app("JupyterLab", "ml.g5.xlarge", UserProfileName="ana")
    studio.app("CodeEditor", "ml.g5.xlarge", UserProfileName="ana")
    [finding] = studio.found()

    assert (finding.fault, finding.place, finding.app_type) == (Fault.OFF, "the domain", "JupyterLab")
    assert (len(finding.apps), finding.usd) == (1, Decimal("1.408"))
    assert finding.call
    assert (finding.call.operation, finding.call.request) == (
        "UpdateDomain",
        {
            "DomainId": "d-1",
            "DefaultUserSettings": {
                "JupyterLabAppSettings": {
                    "LifecycleConfigArns": ["arn:lcc"],
                    **idle(LifecycleManagement="ENABLED", IdleTimeoutInMinutes=120, MaxIdleTimeoutInMinutes=120),
                }
            },
        },
    )


def test_a_profile_may_weaken_its_domain() -> None:
    """Off, or longer than a working day; its apps are not counted under the domain."""
    studio = Studio()
    studio.settings["JupyterLabAppSettings"] = idle(LifecycleManagement="DISABLED")
    studio.profile("ana", JupyterLabAppSettings=idle(LifecycleManagement="ENABLED", IdleTimeoutInMinutes=600))
    studio.profile("bo", CodeEditorAppSettings=idle(LifecycleManagement="DISABLED"))
    studio.profile("cy", JupyterLabAppSettings=idle(**ON))
    studio.app("JupyterLab", "ml.g5.xlarge", UserProfileName="ana")
    studio.app("JupyterLab", "ml.m5.xlarge", UserProfileName="bo")

    assert [(*fault, each.usd) for fault, each in zip(studio.faults(), studio.found(), strict=True)] == [
        (Fault.TOO_LONG, "user profile ana", "JupyterLab", Decimal("1.408")),
        (Fault.OFF, "the domain", "JupyterLab", Decimal("0.23")),
        (Fault.OFF, "user profile bo", "CodeEditor", Decimal(0)),
    ]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"IdleTimeoutInMinutes": 10080}, "apps are shut down after 7 d without activity"),
        ({"IdleTimeoutInMinutes": 60, "MaxIdleTimeoutInMinutes": 525600}, "users may set up to 365 d"),
    ],
)
def test_a_time_that_is_too_long_or_may_become_so_is_found(settings: Json, reason: str) -> None:
    """The console's default is a week."""
    studio = Studio()
    studio.settings["JupyterLabAppSettings"] = idle(LifecycleManagement="ENABLED", **settings)
    [finding] = studio.found()

    assert (finding.fault, finding.reason) == (Fault.TOO_LONG, reason)


def test_a_space_may_have_a_long_time_of_its_own() -> None:
    """With the call for the space."""
    studio = Studio()
    studio.space("s", JupyterLabAppSettings=idle(IdleTimeoutInMinutes=1440))
    [finding] = studio.found()

    assert (finding.place, finding.call and finding.call.operation) == ("space s", "UpdateSpace")


def test_apps_that_idle_shutdown_never_reaches_are_named_with_their_delete_call() -> None:
    """Studio Classic, images before 2.0, and Code Editor in shared spaces. A free server is none."""
    studio = Studio()
    studio.space("team", "Shared")
    studio.app("KernelGateway", "ml.g5.xlarge", UserProfileName="ana")
    studio.app("JupyterServer", "system", UserProfileName="ana")
    studio.app("JupyterLab", "ml.g5.xlarge", "1.9.2", SpaceName="old")
    studio.app("CodeEditor", "ml.m5.xlarge", SpaceName="team")

    assert [(each.place, each.reason) for each in studio.found()] == [
        ("space old", "its image is version 1.9.2; idle shutdown needs SageMaker Distribution 2.0"),
        ("user profile ana", "Studio Classic has no idle shutdown"),
        ("space team", "a domain has no idle settings for Code Editor in shared spaces"),
    ]


def test_every_call_is_one_of_the_api() -> None:
    """Its operation exists, and its request is valid."""
    studio = Studio()
    studio.settings = {}
    studio.profile("ana", JupyterLabAppSettings=idle(LifecycleManagement="DISABLED"))
    studio.space("s", CodeEditorAppSettings=idle(IdleTimeoutInMinutes=1440))
    studio.app("KernelGateway", "ml.g5.xlarge", UserProfileName="ana")
    api = botocore.session.get_session().get_service_model("sagemaker")
    calls = [each.call for each in studio.found()]

    assert {call and call.operation for call in calls} == {
        "UpdateDomain",
        "UpdateUserProfile",
        "UpdateSpace",
        "DeleteApp",
    }
    for call in calls:
        assert call
        shape: Any = api.operation_model(call.operation).input_shape
        assert ParamValidator().validate(dict(call.request), shape).generate_report() == ""


def test_a_profile_that_cannot_be_read_makes_no_findings_about_its_domain() -> None:
    """Half a domain would seem to be off where a profile is on."""
    studio = Studio()
    studio.settings = {}
    studio.profile("ana")
    studio.answers["DescribeUserProfile", "ana"] = AccessDeniedError("sagemaker:DescribeUserProfile: AccessDenied")

    assert str(studio.read()) == "sagemaker:DescribeUserProfile: AccessDenied"
