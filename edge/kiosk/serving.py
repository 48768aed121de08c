"""uvicorn, stopped quickly whatever is open."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from edge import notify
from edge.errors import KioskError
from edge.kiosk.settings import Settings

# After SIGTERM, requests that run have so many seconds to end.
_GRACE_S = 3
# Who has not taken his answer so long after all are made gets no more of it.
_STUCK_S = 0.3
_KEEP_ALIVE_S = 30
_MOST_CONNECTIONS = 128
_BACKLOG = 64
# Some frames of the preview; the kernel takes twice as much for its own use.
_SEND_BYTES = 131_072
_ENDS = (signal.SIGTERM, signal.SIGINT)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        # Of requests the metrics tell; a line for each would wear the card out.
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "fivebox": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}


class Server(uvicorn.Server):
    """Lets the clients of endless streams go before it waits for all requests to end.

    After a signal `run` returns, where uvicorn's own raises the signal once more: whoever
    holds the journal and the camera must still close them.

    Args:
        chosen: from `config`.
        on_start: called when it serves, and a signal ends it.
    """

    def __init__(self, chosen: uvicorn.Config, on_start: Callable[[], None] = lambda: None) -> None:
        super().__init__(chosen)
        self.on_start = on_start
        self._living: asyncio.Future[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and Ctrl-C end the server, as long as it runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in _ENDS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and tell so."""
        await super().startup(sockets)
        if self.started:
            self.on_start()
            notify.notify(notify.READY)
            self._living = asyncio.ensure_future(_live())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: streams and camera first, and then what is still being read."""
        notify.notify(notify.STOPPING)
        if self._living is not None:
            self._living.cancel()
        app = self.config.app
        assert isinstance(app, FastAPI)
        kiosk = app.state.kiosk
        kiosk.stop_streams()
        camera = asyncio.ensure_future(asyncio.to_thread(kiosk.close_camera))
        dropping = asyncio.ensure_future(self._drop_stuck())
        await super().shutdown(sockets)
        dropping.cancel()
        await camera
        self._abort_all()
        await asyncio.sleep(0)

    async def _drop_stuck(self) -> None:
        """Drop connections on which nothing is done any more and nothing is taken."""
        while True:
            await asyncio.sleep(_STUCK_S)
            if not self.server_state.tasks:
                self._abort_all()

    def _abort_all(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()


async def _live() -> None:
    """Give the service manager, if it asks, the sign of life of a loop that still turns."""
    limit_s = notify.watchdog_s()
    while limit_s is not None:
        notify.notify(notify.WATCHDOG)
        await asyncio.sleep(limit_s / 2)


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Raises:
        KioskError: the address can't be had.
    """
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Of a socket that doesn't say it is TCP, asyncio leaves Nagle's algorithm on, and each
    # answer's body waits 40 ms for the client's delayed acknowledgement of its head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Else the kernel would keep seconds of the preview for a client that is slow.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        listening.bind((settings.host, settings.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise KioskError(
            f"{where}: can't listen there ({error.strerror or error}); stop what uses it, or "
            "give another --host or --port"
        ) from error
    return listening


def config(app: FastAPI) -> uvicorn.Config:
    """Return how an application is served."""
    return uvicorn.Config(
        app,
        log_config=LOGGING,
        access_log=False,
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        limit_concurrency=_MOST_CONNECTIONS,
    )


def serve(
    app: FastAPI, listening: socket.socket, on_start: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        app: from `app.create_app`.
        listening: from `listen`; closed at the end.
        on_start: called when it serves.
    """
    try:
        Server(config(app), on_start).run(sockets=[listening])
    finally:
        # Told twice to end, uvicorn doesn't ask the application any more.
        app.state.kiosk.close()
        listening.close()
