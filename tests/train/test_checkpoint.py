from __future__ import annotations

import errno

import numpy as np
import pytest

from edge.errors import OutputError
from train.checkpoint import Checkpoint, Progressed
from train.errors import CheckpointError

HISTORY = [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2, "loss": float("inf")}]


def progressed(seed=0, best=None):
    """Return a state as Keras has it: matrices, numbers of steps, seeds of random numbers."""
    rng = np.random.default_rng(seed)
    state = [
        rng.standard_normal((30, 20)).astype(np.float32),
        np.array(7, np.int64),
        np.array([1, 2**32 - 1], np.uint32),
        *(np.array([k], np.float32) for k in range(12)),
    ]
    return Progressed(state, HISTORY, best)


def same(one, other):
    return all(
        a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
        for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(tmp_path / "checkpoint.npz", "run")


def test_what_was_kept_comes_back_to_the_last_bit(checkpoint):
    kept = progressed(best=[np.ones((3, 2), np.float32), np.zeros(2, np.float32)])
    checkpoint.save(kept)
    found = checkpoint.load()
    assert same(found.state, kept.state)
    assert same(found.best, kept.best)
    assert found.history == HISTORY


def test_where_nothing_was_kept_nothing_is_found(checkpoint):
    assert checkpoint.load() is None


def test_without_early_stopping_there_are_no_best_weights(checkpoint):
    checkpoint.save(progressed())
    assert checkpoint.load().best is None


def test_a_state_takes_the_place_of_the_one_before(checkpoint):
    checkpoint.save(progressed(seed=0))
    checkpoint.save(progressed(seed=1))
    assert same(checkpoint.load().state, progressed(seed=1).state)
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_state_that_was_half_written_leaves_the_one_before(checkpoint, monkeypatch, error):
    checkpoint.save(progressed(seed=0))

    def write_half(file, **arrays):
        file.write(b"PK")
        raise error

    monkeypatch.setattr("train.checkpoint.np.savez", write_half)
    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        checkpoint.save(progressed(seed=1))
    assert same(checkpoint.load().state, progressed(seed=0).state)
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["checkpoint.npz"]


def test_a_state_is_whole_on_the_disk_before_it_takes_the_place_of_another(checkpoint, monkeypatch):
    done = []
    monkeypatch.setattr("train.checkpoint.os.fsync", lambda number: done.append("on the disk"))
    monkeypatch.setattr("train.checkpoint.files.publish", lambda *paths: done.append("in place"))
    checkpoint.save(progressed())
    assert done == ["on the disk", "in place"]


def test_the_state_of_another_run_is_refused_and_left_alone(checkpoint):
    checkpoint.save(progressed())
    other = Checkpoint(checkpoint.path, "another")
    with pytest.raises(CheckpointError, match="the state of another run; choose another --out"):
        other.load()
    assert checkpoint.load() is not None


def test_a_damaged_state_is_one_sentence(checkpoint):
    checkpoint.save(progressed())
    good = checkpoint.path.read_bytes()
    np.save(checkpoint.path.with_suffix(".npy"), np.zeros(3))
    np.savez(checkpoint.path.with_name("other.npz"), other=np.zeros(3))
    contents = {
        "empty": b"",
        "text": b"hello, world\n" * 50,
        "half": good[: len(good) // 2],
        "without its end": good[:-30],
        "damaged": good[:2000] + bytes(500) + good[2500:],
        "one array": checkpoint.path.with_suffix(".npy").read_bytes(),
        "other arrays": checkpoint.path.with_name("other.npz").read_bytes(),
    }
    for what, content in contents.items():
        checkpoint.path.write_bytes(content)
        with pytest.raises(CheckpointError, match="is damaged; remove it") as caught:
            checkpoint.load()
        assert str(checkpoint.path) in str(caught.value), what
        assert "\n" not in str(caught.value), what


def test_whichever_byte_is_wrong_no_other_error_comes_out(checkpoint):
    kept = progressed()
    checkpoint.save(kept)
    good = checkpoint.path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(len(good), size=300).tolist():
        wrong = bytearray(good)
        wrong[place] ^= int(rng.integers(1, 256))
        checkpoint.path.write_bytes(wrong)
        try:
            found = checkpoint.load()
        except CheckpointError:
            continue
        # A byte that says nothing, such as a file's date.
        assert same(found.state, kept.state)
        assert found.history == HISTORY


def test_a_folder_in_its_place_is_one_sentence(checkpoint):
    checkpoint.path.mkdir()
    with pytest.raises(CheckpointError, match="checkpoint"):
        checkpoint.load()
    with pytest.raises(OutputError, match="can't be written"):
        checkpoint.save(progressed())


def test_a_cleared_state_is_gone_and_may_be_cleared_again(checkpoint):
    checkpoint.save(progressed())
    checkpoint.clear()
    assert list(checkpoint.path.parent.iterdir()) == []
    checkpoint.clear()
    assert checkpoint.load() is None
