"""`python -m edge kiosk`: serve the page and its API."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.places import JOURNAL, data_folder
from edge.commands.reader import add_reader
from edge.errors import KioskError

if TYPE_CHECKING:
    from edge.kiosk.settings import Settings

# Fewer could be guessed.
_LEAST_TOKEN = 16
_TOKEN_VARIABLE = "FIVEBOX_TOKEN"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "kiosk",
        help="serve a page to write on, or to show envelopes to",
        description="Serves the kiosk's page and its HTTP API. Only this machine can open it "
        "unless --host says otherwise; then a token is needed.",
    )
    parser.add_argument(
        "--source", metavar="URI", default="picamera:0",
        help="where frames come from: picamera:0, webcam:0, a file, a folder, a video, an "
        "address, or replay:DIR (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--no-camera", action="store_true", help="only writing, no camera")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=_port, default=8080, help="TCP port (default: %(default)s; 0: any free one)"
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE",
        help="holds the token that is demanded of everyone; else it is taken from "
        f"{_TOKEN_VARIABLE}",
    )  # fmt: skip
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="a name by which other machines may call it, beside its own; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"the journal's folder (default: {data_folder()})"
    )
    parser.add_argument(
        "--language", choices=("auto", "ko", "en"), default="auto",
        help="of the page (default: %(default)s, the browser's)",
    )  # fmt: skip
    parser.add_argument("--mute", action="store_true", help="make no sound")
    parser.add_argument(
        "--keep-images", action="store_true",
        help="keep the digits' images in the journal, for `export`; people's handwriting",
    )  # fmt: skip
    add_reader(parser)
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from edge.kiosk.memory import keep_small

    settings = _settings(options)
    keep_small()
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise KioskError(
            f"{error.name} is not installed; install the kiosk's packages with pip install "
            "'fivebox[kiosk]'"
        ) from error
    from edge.journal import Journal
    from edge.kiosk.app import create_app
    from edge.kiosk.serving import listen, serve
    from edge.live import Live
    from edge.recognizer import Recognizer
    from edge.sources import opener

    source = None if options.no_camera else opener(options.source)
    listening = listen(settings)
    with listening:
        recognizer = Recognizer(options.model, options.directory, options.max_error)
        card = recognizer.classifier.card
        with Journal(
            data_folder(options.data) / JOURNAL,
            keep_images=options.keep_images,
            model_sha256=card.sha256 if card else "",
        ) as journal:
            if journal.notice:
                print(f"fivebox: {journal.notice}", file=sys.stderr)
            app = create_app(
                settings,
                recognizer,
                journal,
                None if source is None else lambda tell: Live(source, recognizer, tell),
            )
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{port}/"
            serve(app, listening, lambda: print(address, file=sys.stderr, flush=True))
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    from edge.kiosk.security import is_loopback, own_names
    from edge.kiosk.settings import Settings

    token = _token(options.token_file)
    if token is None and not is_loopback(options.host):
        raise KioskError(
            f"{options.host}: other machines could use the kiosk, so it needs a token; write one "
            f"into a file and give it with --token-file, or set {_TOKEN_VARIABLE}"
        )
    return Settings(
        host=options.host,
        port=options.port,
        token=token,
        names=(*options.name, *(() if is_loopback(options.host) else own_names())),
        language=options.language,
        sound=not options.mute,
        directory=options.directory and Path(options.directory).name,
    )


def _token(path: Path | None) -> str | None:
    if path is None:
        token, where = os.environ.get(_TOKEN_VARIABLE, ""), _TOKEN_VARIABLE
        if not token:
            return None
    else:
        where = str(path)
        try:
            token = path.read_text("ascii").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not plain text"
            raise KioskError(
                f"{where}: the token can't be read ({reason}); write one into it"
            ) from error
    if len(token) < _LEAST_TOKEN or not all(each.isalnum() or each in "-._~" for each in token):
        raise KioskError(
            f"{where}: a token is at least {_LEAST_TOKEN} letters, digits and -._~; make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return token


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return port
