"""`python -m edge model`: install an update of the model, list what is there, roll back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands.reader import add_config

if TYPE_CHECKING:
    from edge.config_load import Settings
    from edge.update.install import Service
    from edge.update.store import Store

# Photos and recordings of the kiosk's own, with labels.csv.
_CHECK = "check"
# A Pi Zero takes long to import everything from a slow card.
_HEALTHY_S = 120.0
_UNIT = "fivebox.service"


def add_parser(commands: Any) -> None:
    """Add the command's parser to `commands`."""
    parser = commands.add_parser(
        "model",
        help="install a signed update of the model, list them, or roll back",
        description="Installs signed updates of the model. A new one is tried on the kiosk's own "
        "check set first, and taken back if the kiosk does not become healthy with it.",
        epilog="exit code: 0, done; 1, refused or taken back",
    )
    doing = parser.add_subparsers(title="what", metavar="WHAT", dest="what", required=True)

    install = doing.add_parser("install", help="install a package")
    install.add_argument("package", metavar="FILE|URL", help="as `model pack` has made it")
    install.add_argument("--allow-downgrade", action="store_true", help="take an older version too")
    install.add_argument(
        "--check",
        type=Path,
        metavar="DIR",
        help="the check set: photos, recordings and labels.csv (default: the folder check beside "
        "the journal, where it is there)",
    )
    install.add_argument(
        "--trusted",
        type=Path,
        default=Path("/etc/fivebox/trusted"),
        metavar="DIR",
        help="public keys, NAME.pem (default: %(default)s)",
    )
    show = doing.add_parser("list", help="list the updates that are kept")
    back = doing.add_parser("rollback", help="put the one before in force")
    pack = doing.add_parser("pack", help="make a package; for who publishes models")
    pack.add_argument("model", type=Path, metavar="M.tflite", help="with its card beside it")
    pack.add_argument("--key", type=Path, required=True, metavar="KEY.pem", help="private, Ed25519")
    pack.add_argument("--version", type=int, required=True, metavar="N", help="from 1 on")
    pack.add_argument("--out", type=Path, required=True, metavar="FILE")
    for each in (install, back):
        each.add_argument(
            "--no-restart", action="store_true", help="leave a running kiosk as it is"
        )
    for each in (install, show, back):
        add_config(each)
    for each in (install, show, back, pack):
        each.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    if options.what == "pack":
        return _pack(options)
    import os
    import sys

    from edge.commands.places import data_folder
    from edge.config_load import load
    from edge.update.store import Store

    settings = load(options.config, os.environ)
    folder = data_folder(settings.config.journal.folder)
    store = Store(folder / "models")
    if settings.config.reader.model is not None:
        print(
            f"fivebox: reader.model names {settings.config.reader.model}, so no update is read "
            "with; leave it out",
            file=sys.stderr,
        )
    if options.what == "install":
        return _install(options, settings, store, folder)
    if options.what == "rollback":
        return _roll_back(options, settings, store)
    return _list(store)


def _install(options: argparse.Namespace, settings: Settings, store: Store, folder: Path) -> int:
    from edge.update.fetch import fetch
    from edge.update.install import install
    from edge.update.trial import attempt

    check: Path | None = options.check or folder / _CHECK
    if options.check is None and not (folder / _CHECK).is_dir():
        check = None
        print(f"there is no check set in {folder / _CHECK}: only the built-in postcode is read")
    xnnpack = settings.config.reader.xnnpack
    done = install(
        fetch(options.package),
        store,
        options.trusted,
        lambda model: attempt(model, check, xnnpack),
        None if options.no_restart else _service(settings),
        options.allow_downgrade,
    )
    trial = done.trial
    print(f"{done.name} is in force, signed by {done.signer}", end="")
    print(f"; {trial.digits - trial.wrong} of {trial.digits} digits right" if trial.digits else "")
    return 0


def _roll_back(options: argparse.Namespace, settings: Settings, store: Store) -> int:
    from edge.errors import UpdateError

    state = store.roll_back()
    service = None if options.no_restart else _service(settings)
    if service is not None:
        service.restart()
        if not service.is_healthy():
            raise UpdateError(
                f"{state.current or 'the bundled model'} is in force, and the kiosk does not "
                "become healthy; see journalctl -u fivebox"
            )
    print(f"{state.current or 'the bundled model'} is in force")
    return 0


def _list(store: Store) -> int:
    from edge.errors import UpdateError

    state = store.state()
    marks = {state.current: "in force", state.previous: "before it"}
    # The one in force may be the one before, too, after a roll-back.
    marks[state.current] = "in force"
    for name in store.names():
        try:
            store.model(name)
            what = marks.get(name, "")
        except UpdateError as error:
            what = str(error)
        print(f"{name}  {what}".rstrip())
    print(f"{'bundled':14}  {marks.get(None, '')}".rstrip())
    return 0


def _pack(options: argparse.Namespace) -> int:
    from edge.card import card_path, load_card, sha256_of
    from edge.errors import UpdateError
    from edge.files import make_folder, publish, staging
    from edge.update.package import Package, Update, unpack
    from edge.update.trust import sign

    try:
        model = options.model.read_bytes()
        card = card_path(options.model).read_bytes()
        key = options.key.read_bytes()
    except OSError as error:
        raise UpdateError(f"{error.filename}: can't be read ({error.strerror})") from error
    load_card(options.model, model)
    update = Update(options.model.stem, options.version, sha256_of(model), sha256_of(card))
    signed = update.to_bytes()
    content = Package(update, signed, model, card, sign(key, signed)).to_bytes()
    # What a kiosk would refuse is not made.
    unpack(content)
    make_folder(options.out.parent)
    with staging(options.out.parent) as aside:
        staged = aside / options.out.name
        staged.write_bytes(content)
        publish(staged)
    print(f"{options.out}: {update.name}, version {update.version}, {len(content):,} bytes")
    return 0


def _service(settings: Settings) -> Service | None:
    """Return the kiosk that runs here; None where none does."""
    import os

    from edge.config_load import secret
    from edge.doctor.child import run as run_program
    from edge.errors import UpdateError
    from edge.health import wait_live
    from edge.update.install import Service

    if run_program(["systemctl", "is-active", "--quiet", _UNIT], 10.0).code != 0:
        return None
    if os.geteuid() != 0:
        raise UpdateError(
            f"{_UNIT} runs and would have to be restarted; run this with sudo, or give "
            "--no-restart and restart it yourself"
        )
    kiosk = settings.config.kiosk
    token = secret(kiosk, "token")

    def restart() -> None:
        # How it ends says less than whether the kiosk answers then.
        run_program(["systemctl", "restart", _UNIT], _HEALTHY_S)

    return Service(restart, lambda: wait_live(kiosk.host, kiosk.port, token, _HEALTHY_S))
