from __future__ import annotations

import contextlib
import hashlib
import zipfile

import numpy as np
import pytest

from tests.train.synthetic import draw_digits, write_digits
from train import data
from train.errors import DataError


@pytest.fixture
def npz(tmp_path):
    return write_digits(tmp_path / "digits.npz", train=40, test=20)


def arrays(**changed):
    x, y = draw_digits(20, seed=0)
    return {"x_train": x, "y_train": y, "x_test": x, "y_test": y} | changed


def test_a_good_file_is_loaded_with_its_hash(npz):
    dataset = data.load(npz)
    assert dataset.path == npz
    assert dataset.sha256 == hashlib.sha256(npz.read_bytes()).hexdigest()
    assert (len(dataset.train), len(dataset.test)) == (40, 20)
    assert dataset.train.images.dtype == dataset.train.labels.dtype == np.uint8
    assert np.array_equal(dataset.train.images, draw_digits(40, seed=1)[0])


def test_labels_of_other_whole_number_types_are_taken(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(y_train=draw_digits(20, seed=0)[1].astype(np.int64)))
    assert data.load(path).train.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"x_train": np.zeros((20, 784), np.uint8)}, r"uint8 \(20, 784\)"),
        ({"x_test": np.zeros((20, 28, 28), np.float32)}, "x_test.*float32"),
        ({"y_test": np.zeros(19, np.uint8)}, r"y_test.*\(19,\)"),
        ({"y_train": np.zeros(20, np.float32)}, "y_train.*float32"),
        ({"y_train": np.full(20, 10)}, "from 10 to 10"),
        ({"y_train": np.full(20, -1)}, "from -1 to -1"),
        (
            {"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)},
            "no digits",
        ),
    ],
)
def test_arrays_of_the_wrong_kind_are_named(tmp_path, changed, said):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(DataError, match=said) as caught:
        data.load(path)
    assert "\n" not in str(caught.value)


def test_missing_arrays_are_named(tmp_path):
    path = tmp_path / "d.npz"
    complete = arrays()
    del complete["y_test"]
    np.savez(path, **complete)
    with pytest.raises(DataError, match="y_test not in it"):
        data.load(path)


def test_pickled_objects_are_refused_unopened(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(x_train=np.array([{"a": 1}], dtype=object)))
    with pytest.raises(DataError, match=r"not an \.npz file"):
        data.load(path)


def test_what_is_no_npz_file_is_said_to_be_none(tmp_path, npz):
    good = npz.read_bytes()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("x_train.npy", b"not an array")
        for name in ("y_train", "x_test", "y_test"):
            other.writestr(f"{name}.npy", b"")
    np.save(tmp_path / "one.npy", np.zeros(3))
    contents = {
        "empty": b"",
        "text": b"hello, world\n" * 50,
        "truncated": good[: len(good) // 2],
        "damaged": good[:200] + bytes(400) + good[600:],
        "other zip": (tmp_path / "other.zip").read_bytes(),
        "one array": (tmp_path / "one.npy").read_bytes(),
    }
    for what, content in contents.items():
        path = tmp_path / f"{what}.npz"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"not an \.npz file|not in it"):
            data.load(path)


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="no such file; check the path"):
        data.load(tmp_path / "none.npz")
    with pytest.raises(DataError, match="can't be read"):
        data.load(tmp_path)


def test_without_a_path_the_cache_in_keras_home_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    write_digits(tmp_path / "datasets" / "mnist.npz", train=30, test=10)
    assert len(data.load().train) == 30


def test_without_keras_home_the_cache_is_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data.keras_cache() == tmp_path / ".keras" / "datasets" / "mnist.npz"


def test_a_failed_download_is_one_sentence_that_says_what_to_do(tmp_path, monkeypatch, capsys):
    import keras

    def fail():
        print("Downloading data from https://example.org/mnist.npz")
        raise Exception("URL fetch failure")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(DataError, match=r"pass --data mnist\.npz"):
        data.load()
    assert capsys.readouterr().out == ""


def test_what_keras_downloads_is_read(tmp_path, monkeypatch):
    import keras

    def download():
        (tmp_path / "datasets").mkdir()
        write_digits(tmp_path / "datasets" / "mnist.npz", train=30, test=10)

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", download)
    assert len(data.load().test) == 10


def test_held_out_digits_are_the_same_for_a_seed_and_never_among_the_others(npz):
    digits = data.load(npz).train
    rest, held = data.hold_out(digits, 10, seed=0)
    again = data.hold_out(digits, 10, seed=0)[1]
    other = data.hold_out(digits, 10, seed=1)[1]
    assert (len(rest), len(held)) == (30, 10)
    assert np.array_equal(held.images, again.images)
    assert not np.array_equal(held.images, other.images)
    together = sorted(image.tobytes() for image in (*rest.images, *held.images))
    assert together == sorted(image.tobytes() for image in digits.images)


def test_something_must_be_left_to_learn_from(npz):
    digits = data.load(npz).train
    with pytest.raises(DataError, match="smaller --holdout"):
        data.hold_out(digits, 40, seed=0)


def test_the_time_limit_on_sockets_is_taken_back():
    import socket

    before = socket.getdefaulttimeout()
    with contextlib.suppress(KeyError), data._socket_timeout(1.0):
        assert socket.getdefaulttimeout() == 1.0
        raise KeyError
    assert socket.getdefaulttimeout() == before
