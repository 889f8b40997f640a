"""What ships: modules that import anywhere, and price tables made from their sources."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.pricing.book import EMPTY_BOOK
from sagewatch.sagemaker.kinds import ResourceKind
from tools.tables.price_tables import TARGET, render, tables

ROOT = Path(__file__).parent.parent.parent
MODULES = [
    ".".join(path.relative_to(folder).with_suffix("").parts)
    for folder in (ROOT / "shared", ROOT / "functions")
    for path in sorted(folder.rglob("*.py"))
    if path.name != "__init__.py"
]


def test_every_module_imports_with_an_empty_environment() -> None:
    """No variable, no region, no network: nothing happens at import."""
    code = "import importlib, socket\nsocket.socket.connect = None\n" + "".join(
        f"importlib.import_module({module!r})\n" for module in MODULES
    )
    env = {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT / 'functions'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_shipped_tables_are_made_from_their_sources() -> None:
    """`make prices` has been run."""
    made = {f"{region}.json": render(table) for region, table in tables(ROOT / "prices").items()}
    shipped = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / TARGET).glob("*.json")}

    assert shipped == made


@pytest.mark.parametrize(
    ("region", "kind", "instance_type", "usd", "component"),
    [
        ("us-east-1", ResourceKind.TRAINING, "ml.m5.xlarge", "0.23", "Training"),
        ("us-east-1", ResourceKind.TRAINING, "ml.g5.xlarge", "1.408", "Training"),
        ("us-east-1", ResourceKind.TRAINING, "ml.g5.2xlarge", "1.515", "Training"),
        ("ap-south-1", ResourceKind.PROCESSING, "ml.m5.xlarge", "0.242", "Processing"),
        ("us-east-1", ResourceKind.TRANSFORM, "ml.m5.xlarge", "0.23", "Hosting"),
        ("eu-west-1", ResourceKind.TRAINING, "ml.m5.xlarge", "0.257", "Hosting"),
    ],
)
def test_known_prices_are_found(region: str, kind: ResourceKind, instance_type: str, usd: str, component: str) -> None:
    """Anchors of prices/README.md; a component without its own row borrows Hosting's."""
    price = ShippedPrices().book(region).instance_hour(kind, instance_type)

    assert price is not None
    assert (price.usd, price.component, price.borrowed) == (Decimal(usd), component, component == "Hosting")


def test_what_is_not_sold_has_no_price() -> None:
    """Never 0, never another type's."""
    book = ShippedPrices().book("us-east-1")

    assert book.instance_hour(ResourceKind.TRAINING, "ml.t3.medium") is None
    assert book.instance_hour(ResourceKind.TRAINING, "ml.p9.48xlarge") is None
    assert book.instance_hour(ResourceKind.TUNING, "ml.p9.48xlarge") is None


def test_an_unknown_region_has_an_empty_book() -> None:
    """And is no error."""
    assert ShippedPrices().book("mars-north-1") is EMPTY_BOOK


def test_storage_is_priced_where_it_is_known() -> None:
    """Processing has its own rate, and borrows none."""
    ireland, virginia = ShippedPrices().book("eu-west-1"), ShippedPrices().book("us-east-1")
    rates = {kind: ireland.gb_month(kind) for kind in (ResourceKind.TRAINING, ResourceKind.PROCESSING)}

    assert {kind: rate and rate.usd for kind, rate in rates.items()} == {
        ResourceKind.TRAINING: Decimal("0.154"),
        ResourceKind.PROCESSING: Decimal("0.11"),
    }
    borrowed = virginia.gb_month(ResourceKind.TRAINING)
    assert borrowed is not None
    assert (borrowed.usd, borrowed.borrowed) == (Decimal("0.14"), True)
    assert virginia.gb_month(ResourceKind.PROCESSING) is None
