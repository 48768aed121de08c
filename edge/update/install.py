"""Installs a package: trusted, newer, good enough, put in force, and taken back if it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.card import load_model
from edge.errors import ModelError, UpdateError
from edge.update import trust
from edge.update.package import Package, unpack
from edge.update.store import State, Store
from edge.update.trial import Trial, judge


@dataclass(frozen=True)
class Service:
    """The kiosk that runs with the model."""

    restart: Callable[[], None]
    """Lets it load the model in force."""
    is_healthy: Callable[[], bool]
    """Waits until it answers; False where it doesn't in time."""


@dataclass(frozen=True)
class Installed:
    """What came of it."""

    name: str
    signer: str
    trial: Trial


def install(
    content: bytes,
    store: Store,
    trusted: Path,
    attempt: Callable[[Path], Trial],
    service: Service | None = None,
    allow_downgrade: bool = False,
) -> Installed:
    """Install a package.

    Args:
        content: of its file.
        store: where updates are kept.
        trusted: the folder of public keys.
        attempt: reads the check set with a model.
        service: restarted with the new model, and with the old one where it does not become
            healthy; None where none runs.
        allow_downgrade: whether an older version is taken.

    Raises:
        UpdateError: it is refused, or was taken back; the old model is in force.
        OutputError: it can't be written.
    """
    keys = trust.load_keys(trusted)
    package = unpack(content)
    signer = trust.signer_of(keys, package.update_bytes, package.signature)
    if not allow_downgrade:
        refuse_older(package, store)
    kept = package.update.folder in store.names()
    name = store.add(package)
    try:
        trial = _try(store, name, attempt)
    except UpdateError:
        if not kept:
            store.remove(name)
        raise
    before = store.state()
    store.switch(name)
    if service is not None:
        _start(store, before, service)
    store.sweep()
    return Installed(name, signer, trial)


def refuse_older(package: Package, store: Store) -> None:
    """Refuse what is not newer than what is in force.

    Raises:
        UpdateError: it isn't.
    """
    current = store.state().current
    if current is None:
        return
    try:
        update = store.update(current)
    except OSError:
        # What is gone is older than anything.
        return
    if package.update.folder == update.folder:
        raise UpdateError(f"version {update.version} is in force already; nothing was changed")
    if package.update.version <= update.version:
        raise UpdateError(
            f"the package is of version {package.update.version}, and {update.version} is in "
            "force; to go back use rollback, or --allow-downgrade"
        )


def _try(store: Store, name: str, attempt: Callable[[Path], Trial]) -> Trial:
    path = store.model(name)
    try:
        _, card = load_model(path)
    except ModelError as error:
        raise UpdateError(f"the package's card does not fit its model: {error}") from error
    assert card is not None, "the package has one"
    trial = attempt(path)
    judge(trial, card)
    return trial


def _start(store: Store, before: State, service: Service) -> None:
    service.restart()
    if service.is_healthy():
        return
    store.restore(before)
    store.sweep()
    service.restart()
    raise UpdateError(
        "the kiosk does not become healthy with the new model, so the old one is in force again; "
        "see journalctl -u fivebox"
    )
