"""`python -m ui` is `pincite ui`."""

import sys

from ui.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "ui")
    sys.exit(main())
