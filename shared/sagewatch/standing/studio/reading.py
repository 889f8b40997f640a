"""Reads the Studio domains of a region with their profiles, spaces and running apps."""

from collections.abc import Iterator, Sequence

from sagewatch.errors import SageWatchError
from sagewatch.pricing.book import Rates
from sagewatch.standing.ports import Fields, SageMakerReads
from sagewatch.standing.studio.settings import Domain, RunningApp

STUDIO_READS = (
    "ListDomains",
    "DescribeDomain",
    "ListUserProfiles",
    "DescribeUserProfile",
    "ListSpaces",
    "DescribeSpace",
    "ListApps",
)
_SYSTEM = "system"


def read_domains(api: SageMakerReads, rates: Rates) -> Iterator[Domain | SageWatchError]:
    """Yield every domain; an error for one that cannot be read. Raises what ``api.pages`` does."""
    ids = [domain["DomainId"] for domain in api.pages("ListDomains", "Domains")]
    if not ids:
        return
    apps = [app for app in api.pages("ListApps", "Apps") if app.get("Status") == "InService"]
    for domain_id, answer in zip(ids, api.each("DescribeDomain", [{"DomainId": each} for each in ids]), strict=True):
        if isinstance(answer, SageWatchError):
            yield answer
        elif answer is not None:
            running = tuple(_app(app, rates) for app in apps if app.get("DomainId") == domain_id)
            try:
                yield _domain(api, domain_id, answer, running)
            except SageWatchError as exc:
                yield exc


def _domain(api: SageMakerReads, domain_id: str, answer: Fields, apps: tuple[RunningApp, ...]) -> Domain:
    of_domain = {"DomainIdEquals": domain_id}
    profiles = _described(api, domain_id, "UserProfile", list(api.pages("ListUserProfiles", "UserProfiles", of_domain)))
    spaces = _described(api, domain_id, "Space", list(api.pages("ListSpaces", "Spaces", of_domain)))
    shared = (
        name for name, each in spaces.items() if (each.get("SpaceSharingSettings") or {}).get("SharingType") == "Shared"
    )
    return Domain(
        domain_id=domain_id,
        arn=answer.get("DomainArn", ""),
        name=answer.get("DomainName", domain_id),
        user_settings=answer.get("DefaultUserSettings") or {},
        profiles={name: each.get("UserSettings") or {} for name, each in profiles.items()},
        spaces={name: each.get("SpaceSettings") or {} for name, each in spaces.items()},
        shared=frozenset(shared),
        apps=apps,
    )


def _described(api: SageMakerReads, domain_id: str, thing: str, listed: Sequence[Fields]) -> dict[str, Fields]:
    """Raises the error of one that cannot be read: half a domain would have findings that are not true."""
    key = f"{thing}Name"
    names = [each[key] for each in listed if each.get("DomainId", domain_id) == domain_id]
    requests = [{key: name, "DomainId": domain_id} for name in names]
    found: dict[str, Fields] = {}
    for name, answer in zip(names, api.each(f"Describe{thing}", requests), strict=True):
        if isinstance(answer, SageWatchError):
            raise answer
        if answer is not None:
            found[name] = answer
    return found


def _app(app: Fields, rates: Rates) -> RunningApp:
    spec = app.get("ResourceSpec") or {}
    instance_type = spec.get("InstanceType")
    known = instance_type if instance_type not in {None, _SYSTEM} else None
    price = rates.book.hour_of(f"Studio-{app['AppType']}", known) if known else None
    return RunningApp(
        domain=app["DomainId"],
        profile=app.get("UserProfileName"),
        space=app.get("SpaceName"),
        app_type=app["AppType"],
        name=app["AppName"],
        instance_type=known,
        image_alias=spec.get("SageMakerImageVersionAlias"),
        usd=price.usd * rates.share_paid if price else None,
    )
