"""Updates on the disk: the state changes at one stroke, and what is damaged is passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import OutputError, UpdateError
from edge.update import store as module
from edge.update.package import unpack
from edge.update.store import State, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def put(store: Store, maker, version: int) -> str:
    name = store.add(unpack(maker.package(version)))
    store.switch(name)
    return name


def test_without_updates_the_bundled_model_is_in_force(store: Store) -> None:
    assert store.state() == State()
    assert store.usable() == (None, "")
    assert store.names() == []
    with pytest.raises(UpdateError, match="nothing to roll back"):
        store.roll_back()


def test_an_update_is_in_force_only_after_the_switch(store: Store, maker) -> None:
    name = store.add(unpack(maker.package(1)))
    assert store.usable() == (None, "")
    store.switch(name)
    path, problem = store.usable()
    assert problem == ""
    assert path == store.folder / name / "postcode.tflite"
    assert path.with_suffix(".json").exists(), "its card lies beside it"


def test_rolling_back_goes_to_the_one_before_and_forth_again(store: Store, maker) -> None:
    first = put(store, maker, 1)
    assert store.roll_back() == State(None, first)
    assert store.usable() == (None, "")
    assert store.roll_back() == State(first, None)
    second = put(store, maker, 2)
    assert store.roll_back() == State(first, second)


def test_only_the_one_in_force_and_the_one_before_are_kept(store: Store, maker) -> None:
    names = [put(store, maker, version) for version in (1, 2, 10)]
    assert store.names() == names[::-1], "newest first, by number"
    store.sweep()
    assert store.names() == [names[2], names[1]]


@pytest.mark.parametrize("spoil", ["postcode.tflite", "postcode.json", "update.json"])
def test_a_damaged_update_is_passed_over_for_the_last_good_one(
    store: Store, maker, spoil: str
) -> None:
    first, second = put(store, maker, 1), put(store, maker, 2)
    path = store.folder / second / spoil
    path.write_bytes(path.read_bytes()[:-100])
    usable, problem = store.usable()
    assert usable == store.folder / first / "postcode.tflite"
    assert problem
    path.unlink()
    assert store.usable()[0] == usable
    (store.folder / first / "postcode.tflite").write_bytes(b"")
    usable, problem = store.usable()
    assert usable is None, "the bundled one"
    assert problem


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"current": 5}', '{"current": "../x"}', '{"other": null}']
)
def test_a_damaged_state_means_the_bundled_model(store: Store, maker, text: str) -> None:
    put(store, maker, 1)
    (store.folder / "state.json").write_text(text)
    usable, problem = store.usable()
    assert usable is None
    assert "state.json" in problem
    assert put(store, maker, 2) == store.state().current, "and the next update mends it"


def test_a_write_that_fails_leaves_the_old_one_in_force(
    store: Store, maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put(store, maker, 1)
    real = module._write
    for failing in ("postcode.tflite", "update.json", "state.json.new"):

        def full(path: Path, content: bytes, failing: str = failing) -> None:
            if path.name == failing:
                path.write_bytes(content[:10])
                raise OSError(28, "No space left on device")
            real(path, content)

        monkeypatch.setattr(module, "_write", full)
        with pytest.raises(OutputError, match="No space left"):
            put(store, maker, 2)
        assert store.usable() == (store.folder / first / "postcode.tflite", "")
        assert store.state().current == first
    monkeypatch.setattr(module, "_write", real)
    put(store, maker, 2)
    assert json.loads((store.folder / "state.json").read_text())["previous"] == first
