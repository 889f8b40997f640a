"""``python -m tools.layers [BUILD_FOLDER]``: make the functions in a ``sam build`` folder start faster."""

import sys
from pathlib import Path

from tools.layers.build import prepare

if __name__ == "__main__":
    prepare(Path(sys.argv[1] if len(sys.argv) > 1 else ".aws-sam/build"))
