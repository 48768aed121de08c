"""`python -m edge kiosk`: serve the page and its API."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from edge.commands.places import JOURNAL, data_folder
from edge.commands.reader import add_reader, make_recognizer
from edge.errors import KioskError, PackageMissingError
from edge.terminal import say

if TYPE_CHECKING:
    from edge.config import Config
    from edge.journal import Journal
    from edge.kiosk.settings import Language, Settings
    from edge.publish.publisher import PublishState, Receiver


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "kiosk",
        help="serve a page to write on, or to show envelopes to",
        description="Serves the kiosk's page and its HTTP API. Only this machine can open it "
        "unless --host says otherwise; then a token is needed.",
    )
    parser.add_argument(
        "--source", metavar="URI",
        help="where frames come from: picamera:0, webcam:0, a file, a folder, a video, an "
        "address, or replay:DIR (default: picamera:0)",
    )  # fmt: skip
    parser.add_argument("--no-camera", action="store_true", help="only writing, no camera")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, help="TCP port (default: 8080; 0: any free one)")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE",
        help="holds the token that is demanded of everyone; else it is taken from "
        "FIVEBOX_KIOSK_TOKEN",
    )  # fmt: skip
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="a name by which other machines may call it, beside its own; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"the journal's folder (default: {data_folder()})"
    )
    parser.add_argument(
        "--language", choices=("auto", "ko", "en"),
        help="of the page (default: auto, the browser's)",
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

    config = _config(options)
    settings = _settings(config, options.directory)
    keep_small()
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise PackageMissingError(
            f"{error.name} is not installed; install the kiosk's packages with pip install "
            "'fivebox[kiosk]'"
        ) from error
    from edge.kiosk.app import create_app
    from edge.kiosk.serving import listen, serve
    from edge.live import Live
    from edge.publish.publisher import Publisher
    from edge.sources import opener
    from edge.sources.guard import Settings as Watch

    camera = config.camera
    source = None if options.no_camera else opener(camera.source)
    watch = Watch(camera.first_s, camera.frame_s, camera.least_wait_s, camera.most_wait_s)
    places = _receivers(config)
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(listen(settings))
        recognizer = make_recognizer(options, _installed(config))
        # What is missing is told here, not to the first who writes.
        recognizer.load()
        card = recognizer.classifier.card
        journal = stack.enter_context(_journal(config, card.sha256 if card else "", places))
        if journal.notice:
            say(f"fivebox: {journal.notice}")
        for place in places:
            stack.enter_context(Publisher(journal, place, _say))
        app = create_app(
            settings,
            recognizer,
            journal,
            None if source is None else lambda tell: Live(source, recognizer, tell, settings=watch),
        )
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{port}/"
        serve(app, listening, lambda: say(address))
    return 0


def _installed(config: Config) -> Path | None:
    """Return the model that `model install` has put in force; None for the bundled one."""
    from edge.update.store import Store

    path, problem = Store(data_folder(config.journal.folder) / "models").usable()
    if problem:
        say(f"fivebox: {problem}")
    return path


def _receivers(config: Config) -> list[Receiver]:
    """Return where readings are published."""
    from edge.config_load import secret
    from edge.kiosk.service import version
    from edge.publish.receivers import receivers

    publish = config.publish
    if publish.mqtt_host is None and publish.webhook_url is None:
        return []
    password, signing = secret(publish, "mqtt_password"), secret(publish, "webhook_secret")
    return receivers(publish, password, signing, version())


def _journal(config: Config, model_sha256: str, places: Sequence[Receiver]) -> Journal:
    from edge.journal import Journal

    journal = config.journal
    return Journal(
        data_folder(journal.folder) / JOURNAL,
        keep_images=journal.keep_images,
        most_days=journal.most_days,
        most_mb=journal.most_mb,
        most_pending=journal.most_pending,
        model_sha256=model_sha256,
        outbox=bool(places),
        receivers=[place.name for place in places] or ("",),
    )


def _say(state: PublishState) -> None:
    say(f"fivebox: {state.message}")


def _config(options: argparse.Namespace) -> Config:
    """Return the settings with the flags over them."""
    from edge.config_load import load

    flags = {
        "camera.source": options.source,
        "kiosk.host": options.host,
        "kiosk.port": options.port,
        "kiosk.names": tuple(options.name) or None,
        "kiosk.token_file": options.token_file,
        "kiosk.language": options.language,
        "kiosk.sound": False if options.mute else None,
        "journal.folder": options.data,
        "journal.keep_images": True if options.keep_images else None,
    }
    return load(options.config, os.environ, flags).config


def _settings(config: Config, directory: str | None) -> Settings:
    from edge.config_load import secret
    from edge.kiosk.security import is_loopback, own_names
    from edge.kiosk.settings import Settings

    kiosk = config.kiosk
    token = secret(kiosk, "token")
    if token is None and not is_loopback(kiosk.host):
        raise KioskError(
            f"{kiosk.host}: other machines could use the kiosk, so it needs a token; write one "
            "into a file and give it with --token-file, or set FIVEBOX_KIOSK_TOKEN"
        )
    valid = directory or config.reader.directory
    return Settings(
        host=kiosk.host,
        port=kiosk.port,
        token=token,
        names=(*kiosk.names, *(() if is_loopback(kiosk.host) else own_names())),
        language=cast("Language", kiosk.language),
        sound=kiosk.sound,
        rest_ms=kiosk.rest_ms,
        directory=None if valid is None else Path(valid).name,
    )


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return port
