"""Connections that somebody keeps open, and bodies that are long or late. Knows nothing about who may come in."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
HEADER_SECONDS = 10.0  # for which a connection may be silent before a request's header is complete
BODY_SECONDS = 30.0  # for a whole body that is kept in memory, and for each part of a longer one
MOST_CONNECTIONS = 500  # at once; an open page holds one


async def whole(receive: Receive, most: int) -> Receive:
    """Wait for all of a request's body, and return what gives it out again.

    HTTPException: 413 where it is longer than `most` bytes, 408 where it takes longer than BODY_SECONDS.
    """
    parts: list[Message] = []

    async def read() -> None:
        size = 0
        while True:
            parts.append(part := await receive())
            size += len(part.get("body", b""))
            _check_size(size, most)
            if not part.get("more_body"):
                return

    await _soon(read())
    parts.reverse()

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


def counted(receive: Receive, most: int) -> Receive:
    """Return what gives out a body as it comes; HTTPException as `whole`, where it is asked for too much."""
    size, ended = 0, False

    async def next_part() -> Message:
        nonlocal size, ended
        part: Message = await (receive() if ended else _soon(receive()))
        size += len(part.get("body", b""))
        ended = not part.get("more_body")
        _check_size(size, most)
        return part

    return next_part


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise too_long(most)


def too_long(most: int) -> HTTPException:
    """Return what to say to a body of more than `most` bytes."""
    limit = f"{most / 2**20:.0f} MB" if most >= 2**20 else f"{most / 2**10:.0f} KB"
    return HTTPException(413, f"At most {limit} can be sent here at once.")


async def _soon(work: Awaitable[Any]) -> Any:
    try:
        return await asyncio.wait_for(work, BODY_SECONDS)
    except TimeoutError:
        raise HTTPException(408, "The rest of the request did not come.") from None


def bounded(protocol: type[Any], seconds: float = HEADER_SECONDS, most: int = MOST_CONNECTIONS) -> type[Any]:
    """Make of one of Uvicorn's HTTP protocols one that bounds what it has no limits for.

    A connection whose next header is not complete in time is closed, and so is each beyond `most`.
    """

    class Bounded(protocol):  # type: ignore[misc]
        waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.close()
            else:
                self.wait()

        def wait(self) -> None:
            self.waiting = self.waiting or self.loop.call_later(seconds, self.give_up)

        def give_up(self) -> None:
            self.waiting = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self.wait()
            else:
                self.stop_waiting()

        def stop_waiting(self) -> None:
            if self.waiting:
                self.waiting.cancel()
            self.waiting = None

        def connection_lost(self, exc: Exception | None) -> None:
            self.stop_waiting()
            super().connection_lost(exc)

    return Bounded
