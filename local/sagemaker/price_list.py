"""A small Price List: GetProducts over the figures in ``prices/``, with the API's real structure and its traps.

Documents are JSON strings, terms are nested by SKU and rate code, pages end with a token, and next to every few prices
lie rows that only look like one. Not as at AWS: it knows SageMaker alone, and filters by regionCode alone.
"""

import base64
import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request

_PRICES = Path(__file__).parent.parent.parent / "prices"
_TOKENS = {
    "Training": "Train",
    "Processing": "Processing",
    "Hosting": "Host",
    "Notebook": "Notebk",
    "BatchTransform": "Tsform",
}
_PUBLISHED = "2026-11-20T22:00:00Z"
_FAMILY = ("m5", "g5", "p4d")  # each gets one trap row
Answer = Response | tuple[Response, int]


def pricing_app() -> Flask:
    """The query API, as boto3 calls it."""
    app = Flask("pricing")

    @app.post("/")
    def get_products() -> Answer:
        if not request.headers.get("X-Amz-Target", "").endswith(".GetProducts"):
            return jsonify(__type="InvalidParameterException", message="GetProducts only"), 400
        query: dict[str, Any] = request.get_json(force=True)
        region = next((f["Value"] for f in query.get("Filters", []) if f["Field"] == "regionCode"), None)
        documents = _documents(region) if query.get("ServiceCode") == "AmazonSageMaker" else ()
        start = int(base64.b64decode(query["NextToken"])) if query.get("NextToken") else 0
        end = start + min(int(query.get("MaxResults", 100)), 100)
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": documents[start:end]}
        if end < len(documents):
            answer["NextToken"] = base64.b64encode(str(end).encode()).decode()
        return jsonify(answer)

    return app


@cache
def _documents(region: str | None) -> tuple[str, ...]:
    return tuple(
        json.dumps(document) for row in _rows("sagemaker_prices.csv") for document in _of_row(row, region)
    ) + tuple(
        json.dumps(_volume(row))
        for row in _rows("storage_usd_per_gb_month.csv")
        if row["region"] == region and row["component"] in _TOKENS
    )


def _rows(name: str) -> Iterator[Mapping[str, str]]:
    with (_PRICES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _of_row(row: Mapping[str, str], region: str | None) -> Iterator[dict[str, Any]]:
    component, instance_type = row["component"], row["instance_type"]
    if row["region"] != region or component not in _TOKENS:
        return
    usagetype = f"X1-{_TOKENS[component]}:{instance_type}"
    attributes = {
        "instanceName": instance_type,
        "instanceType": f"{instance_type}-{component}",
        "component": component,
        "platoinstancetype": component,
        "usagetype": usagetype,
        "operation": "RunInstance",
    }
    yield _document(row["region"], row["usd_per_hour"], "Hrs", attributes)
    if instance_type.split(".")[1] in _FAMILY:
        fee = {"component": "", "usagetype": f"X1-TrainingPlanUpfrontFee:{instance_type}"}
        yield _document(row["region"], "0.01", "Quantity", attributes | fee)
        yield _document(row["region"], "0.0000000000", "Hrs", attributes | {"platoinstancetype": f"{component}-Free"})
        yield _document(row["region"], "99", "Hrs", attributes | {"component": "Cluster"})


def _volume(row: Mapping[str, str]) -> dict[str, Any]:
    usagetype = f"X1-{_TOKENS[row['component']]}:VolumeUsage.gp2"
    attributes = {"instanceName": "NA", "usagetype": usagetype, "operation": "CreateVolume-Gp2"}
    return _document(row["region"], row["usd_per_gb_month"], "GB-Mo", attributes)


def _document(region: str, usd: str, unit: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    common = {"servicecode": "AmazonSageMaker", "regionCode": region, "locationType": "AWS Region"}
    sku = hashlib.sha256(f"{region}{unit}{usd}{sorted(attributes.items())}".encode()).hexdigest()[:16].upper()
    rate = {"unit": unit, "pricePerUnit": {"USD": usd}, "description": f"${usd} per {unit}"}
    return {
        "product": {"sku": sku, "productFamily": "ML Instance", "attributes": {**common, **attributes}},
        "serviceCode": "AmazonSageMaker",
        "version": "20261120220000",
        "publicationDate": _PUBLISHED,
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": {"priceDimensions": {f"{sku}.JRTCKXETXF.6YS6EN2CT7": rate}}}},
    }
