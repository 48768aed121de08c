"""Installing: trusted, whole, newer, good enough, healthy; else the old model stays in force."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.classifier import BUNDLED_MODEL
from edge.doctor.sample import POSTCODE
from edge.errors import UpdateError
from edge.update.install import Service, install
from edge.update.package import Package, unpack
from edge.update.store import State, Store
from edge.update.trial import Trial


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


class Kiosk:
    """Healthy with some versions only; remembers with which it was started."""

    def __init__(self, store: Store, healthy: bool) -> None:
        self.store, self.healthy = store, healthy
        self.started: list[str | None] = []

    def service(self) -> Service:
        return Service(
            lambda: self.started.append(self.store.state().current), lambda: self.healthy
        )


def test_a_good_package_is_put_in_force(store, trusted, maker, reads_well) -> None:
    kiosk = Kiosk(store, healthy=True)
    done = install(maker.package(1), store, trusted, reads_well, kiosk.service())
    assert done.signer == "post-office"
    assert store.state() == State(done.name, None)
    assert kiosk.started == [done.name]


def unsigned(content: bytes) -> bytes:
    package = unpack(content)
    return Package(
        package.update, package.update_bytes, package.model, package.card, b""
    ).to_bytes()


def swapped(content: bytes) -> bytes:
    """Another version under the old signature."""
    package = unpack(content)
    changed = package.update_bytes.replace(b'"version": 5', b'"version": 6')
    assert changed != package.update_bytes
    return Package(
        package.update, changed, package.model, package.card, package.signature
    ).to_bytes()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (unsigned, "not signed"),
        (swapped, "none of the trusted keys"),
        (lambda content: content[: len(content) // 2], "damaged"),
        (lambda content: b"", "damaged"),
    ],
)
def test_what_is_not_signed_or_not_whole_is_refused(
    store, trusted, maker, reads_well, spoil: Callable[[bytes], bytes], words: str
) -> None:
    first = install(maker.package(1), store, trusted, reads_well).name
    with pytest.raises(UpdateError, match=words):
        install(spoil(maker.package(5)), store, trusted, reads_well)
    assert store.state() == State(first, None)
    assert store.names() == [first], "nothing of it is kept"


def test_a_strangers_package_is_refused(store, trusted, stranger, reads_well) -> None:
    with pytest.raises(UpdateError, match="none of the trusted keys"):
        install(stranger.package(1), store, trusted, reads_well)
    assert not store.folder.exists()


def test_an_older_package_is_refused_unless_it_is_wanted(store, trusted, maker, reads_well) -> None:
    install(maker.package(5), store, trusted, reads_well)
    with pytest.raises(UpdateError, match="in force already"):
        install(maker.package(5), store, trusted, reads_well)
    with pytest.raises(UpdateError, match="--allow-downgrade"):
        install(maker.package(4), store, trusted, reads_well)
    done = install(maker.package(4), store, trusted, reads_well, allow_downgrade=True)
    assert store.state().current == done.name


@pytest.mark.parametrize(
    "trial", [Trial(500, 200, POSTCODE), Trial(0, 0, "11111"), Trial(0, 0, None)]
)
def test_a_model_that_reads_badly_is_refused(store, trusted, maker, reads_well, trial) -> None:
    first = install(maker.package(1), store, trusted, reads_well).name
    with pytest.raises(UpdateError, match="the old one stays"):
        install(maker.package(2), store, trusted, lambda model: trial)
    assert store.state() == State(first, None)
    assert store.names() == [first]


def test_a_card_of_another_model_is_refused(store, trusted, maker, reads_well) -> None:
    card = json.loads(BUNDLED_MODEL.with_suffix(".json").read_text())
    card["sha256"] = "0" * 64
    with pytest.raises(UpdateError, match="card does not fit"):
        install(maker.package(1, card=json.dumps(card).encode()), store, trusted, reads_well)
    assert store.names() == []


def test_a_kiosk_that_does_not_become_healthy_gets_its_old_model_back(
    store, trusted, maker, reads_well
) -> None:
    first = install(maker.package(1), store, trusted, reads_well).name
    second = install(maker.package(2), store, trusted, reads_well).name
    kiosk = Kiosk(store, healthy=False)
    with pytest.raises(UpdateError, match="in force again"):
        install(maker.package(3), store, trusted, reads_well, kiosk.service())
    assert store.state() == State(second, first), "and what was before it is known again"
    assert kiosk.started[-1] == second
    assert len(kiosk.started) == 2
    assert store.names() == [second, first]
