"""Generate the shipped price tables, one JSON file per region, from the CSV files in ``prices/``.

Run it with ``make prices`` after editing them. The output is the same for the same input.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path("prices")
TARGET = Path("shared/sagewatch/prices")

Cell = dict[str, str]
Tables = dict[str, dict[str, dict[str, object]]]


def tables(source: Path) -> Tables:
    """Read the CSV files into one table per region: prices as text, each with the date of its list."""
    dates = {row["source_id"]: row["as_of"] for row in _rows(source / "sources.csv")}
    regions: dict[str, dict[str, dict[str, object]]] = defaultdict(lambda: {"gb_month": {}, "hourly": {}})
    hourly: dict[tuple[str, str], dict[str, Cell]] = defaultdict(dict)
    for row in _rows(source / "sagemaker_prices.csv"):
        if not row["instance_type"].startswith("ml.eia"):  # Elastic Inference is no longer supported
            cell = {"usd": row["usd_per_hour"], "as_of": dates[row["source_id"]]}
            hourly[row["region"], row["component"]][row["instance_type"]] = cell
    for (region, component), types in hourly.items():
        regions[region]["hourly"][component] = types
    for row in _rows(source / "storage_usd_per_gb_month.csv"):
        component = row["component"].partition("(")[0]
        regions[row["region"]]["gb_month"][component] = {
            "usd": row["usd_per_gb_month"],
            "as_of": dates[row["source_id"]],
        }
    return dict(regions)


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def render(table: Mapping[str, object]) -> str:
    """Write one region's table with sorted keys, so that a diff shows what changed."""
    return json.dumps(table, indent=0, sort_keys=True, separators=(",", ":")) + "\n"


def main() -> int:
    """Write every region's file and remove those of regions that are gone."""
    made = {TARGET / f"{region}.json": render(table) for region, table in tables(SOURCE).items()}
    TARGET.mkdir(exist_ok=True)
    for stale in set(TARGET.glob("*.json")) - made.keys():
        stale.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(made)} regions written to {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
