"""Print what the newest botocore's model has that SageWatch neither reads nor has reviewed: ``make aws-shapes``."""

import argparse
import sys

from tools.aws_shapes.reviewed import reviewed
from tools.aws_shapes.walk import sagemaker, unread, unread_in_documents


def main() -> int:
    """Compare, print, and fail if there is anything new."""
    parser = argparse.ArgumentParser(prog="make aws-shapes", description=__doc__)
    parser.add_argument("--data", help="the data folder of another botocore; without it, of the installed one")
    found = {*unread(sagemaker(parser.parse_args().data)), *unread_in_documents()}
    new = sorted(found - reviewed())
    sys.stdout.writelines(f"{path}\n" for path in new)
    sys.stdout.write(f"{len(new)} members or values are new. Read them, or add them to reviewed.txt with a reason.\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
