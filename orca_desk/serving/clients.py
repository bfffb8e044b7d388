"""A client over HTTP: its request's body, and whether it is still there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orca_desk.serving.fields import Fields
from orca_desk.serving.refusals import ApiError

MOST_BYTES = 8_000_000  # of a body: a context of a million tokens
# What is too large is read on, up to this, and dropped: a connection that is closed while the client still
# sends is reset, and the refusal is lost with it.
MOST_DROPPED = 4 * MOST_BYTES
SECONDS_TO_SEND = 30  # for a client to send its body
NO_MORE = {"Connection": "close"}  # what is left of the body is not read
T = TypeVar("T")


class ClientLeftError(Exception):
    """The client has closed its connection: nobody waits for the answer."""


async def read_fields(request: Request) -> Fields:
    """Read a request's JSON body. Raises ApiError for one that is too large, too slow, or no JSON object."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        raise _too_large()
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            async for part in request.stream():
                size += len(part)
                if size <= MOST_BYTES:
                    body += part
                elif size > MOST_DROPPED:
                    raise _too_large()
    except TimeoutError:
        raise ApiError("The request's body did not arrive in time.", status=408, headers=NO_MORE) from None
    except ClientDisconnect:
        raise ClientLeftError from None
    if size > MOST_BYTES:
        raise _too_large()
    return Fields.parse(bytes(body))


async def while_there(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; cancel it and raise ClientLeftError once the client has left."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeftError
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


class EventStream(Response):
    """A response of server-sent events, which ends when the client leaves."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str]) -> None:
        super().__init__(headers={"cache-control": "no-cache"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events one by one, until the client leaves."""
        with contextlib.suppress(ClientLeftError):
            await while_there(receive, self._send_all(send))

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for event in self._events:
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large() -> ApiError:
    return ApiError(
        f"The request's body is larger than {MOST_BYTES / 1e6:.0f} MB.", status=413, headers=NO_MORE
    )
