"""``make corpus``: how many cases get the right line, the right step and no secret, and which do not."""

from collections import Counter

from tests.corpus.reading import cases, faults, load


def main() -> None:
    """Print the numbers and what is wrong."""
    names, wrong = cases(), Counter[str]()
    for name in names:
        for fault in faults(load(name)):
            wrong[fault.partition(":")[0]] += 1
            print(f"{name}: {fault}")  # noqa: T201 - a report
    for kind in ("line", "step", "secret"):
        print(f"{kind}: {len(names) - wrong[kind]} of {len(names)} right")  # noqa: T201 - a report


if __name__ == "__main__":
    main()
