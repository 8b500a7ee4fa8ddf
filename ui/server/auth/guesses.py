"""Wrong passwords, and how long whoever keeps guessing has to wait. Knows no password."""

import logging
import math
import time

from starlette.exceptions import HTTPException

FREE_GUESSES = 5  # wrong passwords from one address, after which it has to wait: 2 s, then twice as long each time
LONGEST_WAIT = 60.0  # seconds
_ADDRESSES = 10_000  # of which wrong passwords are remembered
_log = logging.getLogger(__name__)


class Guesses:
    """Wrong passwords by address; an address that keeps guessing has to wait."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}  # address -> how many in a row, when it may try again

    def check(self, address: str) -> None:
        """HTTPException 429 where it is to wait."""
        left = self._wrong.get(address, (0, 0.0))[1] - time.monotonic()
        if left > 0:
            wait = str(math.ceil(left))
            raise HTTPException(429, f"Too many wrong passwords; wait {wait} s.", {"retry-after": wait})

    def wrong(self, address: str) -> None:
        """Note a wrong password, and say it in the log."""
        count = self._wrong.pop(address, (0, 0.0))[0] + 1
        wait = min(LONGEST_WAIT, 2.0 ** (count - FREE_GUESSES)) if count > FREE_GUESSES else 0.0
        self._wrong[address] = count, time.monotonic() + wait
        if len(self._wrong) > _ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        _log.warning("wrong password from %s, %d in a row", address, count)

    def right(self, address: str) -> None:
        """Forget what was wrong."""
        self._wrong.pop(address, None)
