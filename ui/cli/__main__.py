"""`python -m ui.cli` is `pincite`."""

import sys

from ui.cli import main

if __name__ == "__main__":
    sys.exit(main())
