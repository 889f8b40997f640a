"""Price documents: what is a price, what only looks like one, and what cannot be read."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.errors import PriceListError
from sagewatch.pricing.price_list import ListedPrice, NotAPrice, read_document, read_documents

# The shape the Price List API answers with; a real SKU of 2026-06-27 has this price under USE1-Host.
DOCUMENT: dict[str, Any] = {
    "product": {
        "sku": "JDZQJFUVUR8SUWHS",
        "productFamily": "ML Instance",
        "attributes": {
            "servicecode": "AmazonSageMaker",
            "regionCode": "us-east-1",
            "location": "US East (N. Virginia)",
            "locationType": "AWS Region",
            "instanceName": "ml.m5.xlarge",
            "instanceType": "ml.m5.xlarge-Training",
            "component": "Training",
            "platoinstancename": "m5",
            "platoinstancetype": "Training",
            "usagetype": "USE1-Train:ml.m5.xlarge",
            "operation": "RunInstance",
        },
    },
    "serviceCode": "AmazonSageMaker",
    "version": "20260922230750",
    "publicationDate": "2026-09-22T23:07:50Z",
    "terms": {
        "OnDemand": {
            "JDZQJFUVUR8SUWHS.JRTCKXETXF": {
                "priceDimensions": {
                    "JDZQJFUVUR8SUWHS.JRTCKXETXF.6YS6EN2CT7": {
                        "unit": "Hrs",
                        "pricePerUnit": {"USD": "0.2300000000"},
                        "description": "$0.23 per Training ml.m5.xlarge hour in US East (N. Virginia)",
                    }
                }
            }
        }
    },
}


def a_document(*, price: dict[str, str] | None = None, unit: str = "Hrs", **attributes: str | None) -> str:
    """The document, with other attributes; ``None`` takes one away."""
    document = copy.deepcopy(DOCUMENT)
    mixed = document["product"]["attributes"] | attributes
    document["product"]["attributes"] = {name: value for name, value in mixed.items() if value is not None}
    [term] = document["terms"]["OnDemand"].values()
    [dimension] = term["priceDimensions"].values()
    dimension["unit"] = unit
    if price is not None:
        dimension["pricePerUnit"] = price
    return json.dumps(document)


@pytest.mark.parametrize(
    ("component", "usagetype", "instance_type", "polluted"),
    [
        ("Training", "USE1-Train:ml.m5.xlarge", "ml.m5.xlarge", "ml.m5.xlarge-Training"),
        ("Hosting", "USE1-Host:ml.g7e.2xlarge", "ml.g7e.2xlarge", "ml.g7e.2xlarge-hosting"),
        ("Processing", "USE1-Processing:ml.m5.large", "ml.m5.large", "NA"),
        ("Notebook", "USE1-Notebk:ml.t3.medium", "ml.t3.medium", ""),
        ("notebook", "EU-Notebk:ml.t3.medium", "ml.t3.medium", "ml.t3.medium"),
    ],
)
def test_an_instance_hour_is_found_by_its_name(
    component: str, usagetype: str, instance_type: str, polluted: str
) -> None:
    """Whatever instanceType says, however the component is spelled, whatever the usage type's prefix."""
    text = a_document(component=component, usagetype=usagetype, instanceName=instance_type, instanceType=polluted)

    assert read_document(text, "us-east-1") == ListedPrice(
        component.capitalize(), instance_type, Decimal("0.23"), "2026-09-22T23:07:50Z"
    )


@pytest.mark.parametrize(
    ("text", "component", "item"),
    [
        (
            a_document(component="studio-jupyterlab", usagetype="USE1-Studio:JupyterLab-ml.m5.xlarge"),
            "Studio-JupyterLab",
            "ml.m5.xlarge",
        ),
        (a_document(component="Cluster", usagetype="USE1-Cluster:ml.m5.xlarge"), "Cluster", "ml.m5.xlarge"),
        (
            a_document(component=None, instanceName=None, usagetype="USE1-Canvas:Session-Hrs"),
            "Canvas",
            "Session-Hrs",
        ),
    ],
)
def test_an_hour_of_a_standing_resource_is_a_price(text: str, component: str, item: str) -> None:
    """Studio's usage types have another separator, and a session of Canvas runs on no instance type."""
    assert read_document(text, "us-east-1") == ListedPrice(component, item, Decimal("0.23"), "2026-09-22T23:07:50Z")


def test_the_volumes_of_spaces_have_a_type_of_their_own() -> None:
    """They are gp3."""
    usagetype = "USE1-Studio:VolumeUsage.gp3"
    text = a_document(component=None, instanceName="NA", usagetype=usagetype, unit="GB-Mo")

    assert read_document(text, "us-east-1") == ListedPrice("Studio", None, Decimal("0.23"), "2026-09-22T23:07:50Z")


def test_a_volumes_gb_month_is_a_price_too() -> None:
    """It has no instance."""
    text = a_document(
        component=None,
        instanceName="NA",
        usagetype="USE1-Train:VolumeUsage.gp2",
        operation="CreateVolume-Gp2",
        unit="GB-Mo",
        price={"USD": "0.1400000000"},
    )

    assert read_document(text, "us-east-1") == ListedPrice("Training", None, Decimal("0.14"), "2026-09-22T23:07:50Z")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param(
            a_document(component=None, usagetype="USE1-TrainingPlanUpfrontFee:ml.p4d.24xlarge", unit="Quantity"),
            "one-off fee",
            id="a training plan's upfront fee is cheaper than an hour",
        ),
        pytest.param(a_document(component="Cluster"), "is not Cluster of", id="HyperPod with the token of another"),
        pytest.param(a_document(platoinstancetype="Training-Free"), "free tier", id="free tier by its name"),
        pytest.param(a_document(price={"USD": "0.0000000000"}), "free tier", id="free tier by its price"),
        pytest.param(a_document(regionCode="us-east-2"), "of the region us-east-2", id="another region"),
        pytest.param(a_document(locationType="AWS Local Zone"), "Local Zone", id="a local zone"),
        pytest.param(a_document(locationType="AWS Outposts"), "Outposts", id="Outposts"),
        pytest.param(a_document(usagetype="USE1-TrSpt:ml.m5.xlarge"), "spot", id="a spot token"),
        pytest.param(
            a_document(component="Processing", usagetype="USE1-Processing_Geo:ml.m5.xlarge"),
            "is not Processing of ml.m5.xlarge",
            id="a geo surcharge",
        ),
        pytest.param(
            a_document(usagetype="USE1-Train:ml.m5.2xlarge"), "is not Training of ml.m5.xlarge", id="another type's row"
        ),
        pytest.param(a_document(servicecode="AmazonEC2"), "AmazonEC2", id="another service"),
        pytest.param(
            a_document(component=None, instanceName=None, usagetype=None), "without usagetype", id="next to nothing"
        ),
    ],
)
def test_what_is_no_price_says_why(text: str, word: str) -> None:
    """In one line."""
    answer = read_document(text, "us-east-1")

    assert isinstance(answer, NotAPrice)
    assert word in answer.reason
    assert "\n" not in answer.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (a_document(usagetype=None), " is not Training of ml.m5.xlarge"),
        (
            a_document(component=None, instanceName=None, usagetype=None, platoinstancetype=None),
            "a row without usagetype is neither an instance hour nor a volume",
        ),
        (
            a_document(instanceName="db.m5.large", usagetype="USE1-Train:db.m5.large"),
            "USE1-Train:db.m5.large is neither an instance hour nor a volume",
        ),
    ],
)
def test_what_is_absent_is_no_error(text: str, reason: str) -> None:
    """The reason is a whole sentence."""
    assert read_document(text, "us-east-1") == NotAPrice(reason)


def two_prices() -> str:
    """A document with two distinct prices."""
    document = json.loads(a_document())
    [(code, term)] = document["terms"]["OnDemand"].items()
    [(rate, dimension)] = term["priceDimensions"].items()
    term["priceDimensions"][f"{rate}.2"] = dimension | {"pricePerUnit": {"USD": "0.2500000000"}}
    document["terms"]["OnDemand"] = {code: term}
    return json.dumps(document)


def two_units() -> str:
    """A document with a price in each of two other units."""
    document = json.loads(two_prices())
    for term in document["terms"]["OnDemand"].values():
        for unit, dimension in zip(("Quantity", "GB"), term["priceDimensions"].values(), strict=True):
            dimension["unit"] = unit
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (two_units(), "the unit is GB, Quantity, not Hrs"),
        (a_document(price={"EUR": "1", "CNY": "1"}), "the currency is CNY, EUR, not USD"),
        (a_document(price={"USD": "cheap" * 10}), f"{('cheap' * 8)!r} is no amount"),
        (a_document(price={"USD": "-1"}), "-1 is no price"),
        (a_document(price={"USD": "1" * 50}), f"{'1' * 40} is no price"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_sku(text: str, sentence: str) -> None:
    """A person looks it up in the list."""
    with pytest.raises(PriceListError) as refused:
        read_document(text, "us-east-1")
    assert str(refused.value) == f"{DOCUMENT['product']['sku']}: {sentence}"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param(a_document()[:-40], "Invalid JSON: EOF", id="truncated"),
        pytest.param("[]", "should be an object", id="another shape"),
        pytest.param(two_prices(), "0.2300000000 and 0.2500000000", id="two distinct prices, both named"),
        pytest.param(a_document(price={"CNY": "1.5"}), "currency is CNY", id="another currency"),
        pytest.param(a_document(price={}), "currency is none", id="no currency"),
        pytest.param(a_document(unit="Quantity"), "unit is Quantity, not Hrs", id="another unit"),
        pytest.param(a_document(price={"USD": "cheap"}), "no amount", id="no number"),
        pytest.param(a_document(price={"USD": "-1"}), "no price", id="negative"),
        pytest.param(a_document(price={"USD": "1e9"}), "no price", id="beyond every price"),
        pytest.param(a_document(price={"USD": "1e400000"}), "no price", id="beyond arithmetic"),
        pytest.param(a_document(price={"USD": f"0.{'1' * 40}"}), "no price", id="more digits than a table holds"),
        pytest.param(a_document(price={"USD": "1e-99"}), "no price", id="next to nothing, and not 0"),
        pytest.param(json.dumps(DOCUMENT | {"terms": {}}), "not one price but none", id="no terms"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(text: str, word: str) -> None:
    """Typed, with the product's SKU where there is one."""
    with pytest.raises(PriceListError, match=word) as refusal:
        read_document(text, "us-east-1")
    assert "\n" not in str(refusal.value)


def test_two_documents_that_contradict_each_other_are_an_error_that_names_both() -> None:
    """The order of a price list is not stable: neither the first nor the lowest is right."""
    texts = [a_document(), a_document(price={"USD": "0.25"})]

    other = a_document(component="Hosting", usagetype="USE1-Host:ml.m5.xlarge")

    listing = read_documents([*texts, "{", other], "us-east-1")

    assert [price.component for price in listing.prices] == ["Hosting"]
    assert [problem.partition(":")[0] for problem in listing.problems] == [
        "a price document of 1 characters",
        "Training ml.m5.xlarge in us-east-1",
    ]
    assert listing.problems[1].endswith("the list has 0.2300000000 and 0.25 USD")


@pytest.mark.parametrize("usd", ["100000", "0.00000000000000000001"])
def test_the_limits_of_a_price_are_prices(usd: str) -> None:
    """What is beyond them could neither be stored nor calculated with."""
    answer = read_document(a_document(price={"USD": usd}), "us-east-1")

    assert isinstance(answer, ListedPrice)
    assert answer.usd == Decimal(usd)


def test_rows_that_are_no_prices_hide_none_that_follow() -> None:
    """A list begins with whatever it likes."""
    listing = read_documents([a_document(component="Cluster"), "{", a_document()], "us-east-1")

    assert [price.component for price in listing.prices] == ["Training"]


def test_two_prices_of_a_volume_are_a_contradiction_too() -> None:
    """Whole sentences, as people read them."""
    volume = {"component": "Training", "instanceName": None, "usagetype": "USE1-Train:VolumeUsage.gp2"}
    texts = [a_document(price={"USD": usd}, unit="GB-Mo", **volume) for usd in ("0.14", "0.15")]

    assert read_documents(texts, "us-east-1").problems == (
        "Training volumes in us-east-1: the list has 0.14 and 0.15 USD",
    )


def test_the_same_price_twice_is_no_contradiction() -> None:
    """And rows that are no prices are passed over."""
    prices = read_documents([a_document(), a_document(component="Cluster"), a_document()], "us-east-1").prices

    assert {price.usd for price in prices} == {Decimal("0.23")}


@given(
    st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_whatever_the_list_answers_the_outcome_is_typed(content: Any) -> None:
    """A PriceListError or an answer, nothing else."""
    try:
        read_document(json.dumps(content), "us-east-1")
    except PriceListError:
        return
