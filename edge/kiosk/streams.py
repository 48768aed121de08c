"""Responses that never end by themselves: server-sent events, and pictures as MJPEG."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from edge.kiosk.hub import Event, Mailbox

EVENTS = "text/event-stream"
BOUNDARY = "frame"
PICTURES = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

# So often a silent stream is heard of: who has gone is noticed, and no proxy gives up.
_HEARTBEAT_S = 15.0
# A page whose stream broke off comes back after so many ms.
_RETRY_MS = 1000
# When all streams are to end, one that is stuck is waited for so many seconds.
_LAST_S = 0.3


class Stream(Response):
    """Sends parts as they come, to a client that must keep taking them.

    It ends when the client has gone, when there are no more parts, and when the client
    takes nothing for `send_s` seconds: what it has not taken never piles up here, as the
    next part is made only when the last one is on its way.

    Args:
        parts: bytes to send; closed in any case.
        media_type: of the whole.
        send_s: longest time, seconds, that the client may take nothing.
        ending: set when all streams are to end.
        at_end: called once when this one has ended.
    """

    def __init__(
        self,
        parts: AsyncGenerator[bytes, None],
        media_type: str,
        send_s: float,
        ending: asyncio.Event,
        at_end: Callable[[], None],
    ) -> None:
        self.parts, self.send_s, self.ending, self.at_end = parts, send_s, ending, at_end
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        # Nothing between here and the page may keep events back, or keep them at all.
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, until one of the reasons to end."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        sending = asyncio.ensure_future(self._send(start, send))
        leaving = asyncio.ensure_future(_left(receive))
        ending = asyncio.ensure_future(self.ending.wait())
        try:
            await _first(sending, leaving, ending)
            # There may be a last part to send, which nobody takes.
            await _first(sending, leaving, seconds=_LAST_S)
        finally:
            for task in (sending, leaving, ending):
                task.cancel()
            await asyncio.gather(sending, leaving, ending, return_exceptions=True)
            await self.parts.aclose()
            self.at_end()
        if not sending.cancelled() and (error := sending.exception()) is not None:
            raise error

    async def _send(self, start: dict[str, object], send: Send) -> None:
        await send(start)
        with contextlib.suppress(TimeoutError):
            async for part in self.parts:
                async with asyncio.timeout(self.send_s):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            async with asyncio.timeout(self.send_s):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def events(mailbox: Mailbox) -> AsyncGenerator[bytes, None]:
    """Yield a mailbox's events in the form of server-sent events (WHATWG HTML, 9.2)."""
    yield f"retry: {_RETRY_MS}\n\n".encode()
    while not mailbox.closed:
        due = await mailbox.take(_HEARTBEAT_S)
        if due:
            yield b"".join(map(encode_event, due))
        elif not mailbox.closed:
            yield b": still here\n\n"


def encode_event(event: Event) -> bytes:
    """Return an event as it goes over the wire; JSON has no line ends to be split at."""
    return f"event: {event.name}\ndata: {event.data}\n\n".encode()


def encode_frame(jpeg: bytes) -> bytes:
    """Return a JPEG as a part of MJPEG."""
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


async def _first(*tasks: asyncio.Future[Any], seconds: float | None = None) -> None:
    """Wait for the first of some tasks to end."""
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
