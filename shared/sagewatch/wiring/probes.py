"""What `make doctor` and `make deploy` ask: the functions' own adapters, to read answers as the functions do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.price_list import AwsPriceList, api_region
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists, SageMakerNotebooks
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.errors import SettingsError
from sagewatch.idle.ports import EvidenceSource
from sagewatch.pricing.ports import PriceBooks, PriceList
from sagewatch.sagemaker.ports import Jobs, NotebookLists, Notebooks
from sagewatch.sagemaker.scopes import Scope, region_of
from sagewatch.wiring.clients import BETWEEN_LISTS, PATIENT, Throttle, client, now, patient_sagemaker

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """The adapters, with the caller's own credentials. ``listed`` has the prices that SageWatch ships."""

    jobs: Jobs
    notebooks: Notebooks
    jupyter: EvidenceSource
    notebook_lists: NotebookLists
    price_list: PriceList | None  # ``None`` where AWS has none in US dollars
    listed: PriceBooks


def probes(home_region: str) -> Probes:
    """Make the adapters."""
    return Probes(
        jobs=SageMakerJobs(_own, now),
        notebooks=SageMakerNotebooks(_own),
        jupyter=JupyterEvidence(_own),
        notebook_lists=SageMakerNotebookLists(_own, Throttle(BETWEEN_LISTS)),
        price_list=_price_list(home_region),
        listed=ShippedPrices(),
    )


def _own(scope: Scope) -> "SageMakerClient":
    """The client of the caller's own account, whichever form of its scope is asked for."""
    return patient_sagemaker(region_of(scope))


def _price_list(home_region: str) -> PriceList | None:
    try:
        region = api_region(home_region)
    except SettingsError:
        return None
    return AwsPriceList(client("pricing", region=region, config=PATIENT))
