from __future__ import annotations

import contextlib
import hashlib
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.train.synthetic import draw_colours, draw_digits, write_colours, write_digits
from train import data
from train.errors import DataError
from train.recipe import DATASETS


@pytest.fixture
def npz(tmp_path):
    return write_digits(tmp_path / "digits.npz", train=40, test=20)


def arrays(**changed):
    x, y = draw_digits(20, seed=0)
    return {"x_train": x, "y_train": y, "x_test": x, "y_test": y} | changed


def test_a_good_file_is_loaded_with_its_hash(npz):
    dataset = data.load("mnist", npz)
    assert dataset.path == npz
    assert dataset.sha256 == hashlib.sha256(npz.read_bytes()).hexdigest()
    assert (len(dataset.train), len(dataset.test)) == (40, 20)
    assert dataset.train.images.dtype == dataset.train.labels.dtype == np.uint8
    assert np.array_equal(dataset.train.images, draw_digits(40, seed=1)[0])


def test_colours_are_loaded_with_their_column_of_labels(tmp_path):
    path = write_colours(tmp_path / "colours.npz", train=40, test=20)
    with np.load(path) as stored:
        assert stored["y_train"].shape == (40, 1)
    dataset = data.load("cifar10", path)
    assert dataset.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    images, labels = draw_colours(40, seed=1)
    assert np.array_equal(dataset.train.images, images)
    assert np.array_equal(dataset.train.labels, labels)
    assert dataset.test.images.shape == (20, 32, 32, 3)
    assert dataset.test.labels.shape == (20,)


@pytest.mark.parametrize(
    ("name", "write", "needed"),
    [
        ("mnist", write_colours, r"uint8 \(300, 32, 32, 3\), where uint8 \(n, 28, 28\) is needed"),
        ("cifar10", write_digits, r"uint8 \(700, 28, 28\), where uint8 \(n, 32, 32, 3\) is needed"),
    ],
)
def test_one_data_set_is_not_taken_for_the_other(tmp_path, name, write, needed):
    path = write(tmp_path / "other.npz")
    with pytest.raises(DataError, match=needed):
        data.load(name, path)


def test_every_data_set_of_a_recipe_is_known_with_ten_classes():
    assert set(data.KINDS) == set(DATASETS)
    assert {len(kind.classes) for kind in data.KINDS.values()} == {data.CLASSES}


def test_labels_of_other_whole_number_types_are_taken(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(y_train=draw_digits(20, seed=0)[1].astype(np.int64)))
    assert data.load("mnist", path).train.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"x_train": np.zeros((20, 784), np.uint8)}, r"uint8 \(20, 784\)"),
        ({"x_test": np.zeros((20, 28, 28), np.float32)}, "x_test.*float32"),
        ({"y_test": np.zeros(19, np.uint8)}, r"y_test.*\(19,\)"),
        ({"y_train": np.zeros(20, np.float32)}, "y_train.*float32"),
        ({"y_train": np.zeros((20, 2), np.uint8)}, r"y_train.*\(20, 2\)"),
        ({"y_train": np.full(20, 10)}, "from 10 to 10"),
        ({"y_train": np.full(20, -1)}, "from -1 to -1"),
        (
            {"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)},
            "no images",
        ),
    ],
)
def test_arrays_of_the_wrong_kind_are_named(tmp_path, changed, said):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(DataError, match=said) as caught:
        data.load("mnist", path)
    assert "\n" not in str(caught.value)


def test_missing_arrays_are_named(tmp_path):
    path = tmp_path / "d.npz"
    complete = arrays()
    del complete["y_test"]
    np.savez(path, **complete)
    with pytest.raises(DataError, match="y_test not in it"):
        data.load("mnist", path)


def test_pickled_objects_are_refused_unopened(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays(x_train=np.array([{"a": 1}], dtype=object)))
    with pytest.raises(DataError, match=r"not an \.npz file"):
        data.load("mnist", path)


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
            data.load("mnist", path)


def test_whichever_byte_is_wrong_no_other_error_comes_out(tmp_path):
    images, labels = np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)
    path = tmp_path / "d.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    good = path.read_bytes()
    # Headers are damaged before their sums are looked at.
    headers = [place for place in range(len(good)) if good.startswith(b"\x93NUMPY", place)]
    assert len(headers) == 4
    rng = np.random.default_rng(0)
    for place in [*range(headers[0], headers[0] + 128), *rng.integers(len(good), size=200)]:
        wrong = bytearray(good)
        wrong[place] ^= int(rng.integers(1, 256))
        path.write_bytes(wrong)
        with contextlib.suppress(DataError):
            assert len(data.load("mnist", path).train) == 10


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="no such file; check the path"):
        data.load("mnist", tmp_path / "none.npz")
    with pytest.raises(DataError, match="can't be read"):
        data.load("mnist", tmp_path)


def test_without_a_path_the_cache_in_keras_home_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    write_digits(tmp_path / "datasets" / "mnist.npz", train=30, test=10)
    dataset = data.load("mnist")
    assert dataset.path == data.keras_cache("mnist")
    assert len(dataset.train) == 30


@pytest.mark.parametrize(
    ("name", "file"),
    [("mnist", "mnist.npz"), ("cifar10", "cifar-10-batches-py-target_archive")],
)
def test_without_keras_home_the_cache_is_in_the_home_folder(tmp_path, monkeypatch, name, file):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data.keras_cache(name) == tmp_path / ".keras" / "datasets" / file


def test_the_cached_archive_of_cifar10_is_where_keras_looks_for_it(tmp_path, monkeypatch):
    import keras

    asked = []

    def get_file(**options):
        asked.append(options)
        raise OSError("enough")

    module = sys.modules[keras.datasets.cifar10.load_data.__module__]
    monkeypatch.setattr(module, "get_file", get_file)
    with pytest.raises(OSError, match="enough"):
        keras.datasets.cifar10.load_data()
    # Of what it unpacks it keeps the archive under this name.
    assert asked[0]["extract"]
    assert f"{asked[0]['fname']}_archive" == data.keras_cache("cifar10").name


def test_cifar10_in_the_cache_is_unpacked_by_keras(tmp_path, monkeypatch, capsys):
    import keras

    def unpack():
        # As it does with an archive that is not the one it knows.
        print("Downloading data from https://example.org/cifar.tar.gz")
        archive.write_bytes(b"fetched")
        images, labels = draw_colours(40, seed=1)
        return (images, labels[:, None]), (images[:20], labels[:20, None])

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", unpack)
    archive = data.keras_cache("cifar10")
    archive.parent.mkdir()
    archive.write_bytes(b"outdated")
    dataset = data.load("cifar10")
    assert (len(dataset.train), len(dataset.test)) == (40, 20)
    assert dataset.sha256 == hashlib.sha256(b"fetched").hexdigest()
    assert capsys.readouterr().out == ""


def test_a_damaged_archive_of_cifar10_is_one_sentence(tmp_path, monkeypatch):
    import keras

    def fail():
        raise EOFError("Compressed file ended")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", fail)
    archive = data.keras_cache("cifar10")
    archive.parent.mkdir()
    archive.write_bytes(b"half of it")
    with pytest.raises(DataError, match="can't read its copy of CIFAR-10; remove it") as caught:
        data.load("cifar10")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DATASETS)
def test_a_failed_download_is_one_sentence_that_says_what_to_do(
    tmp_path, monkeypatch, capsys, name
):
    import keras

    def fail():
        print("Downloading data from https://example.org/")
        raise Exception("URL fetch failure")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", fail)
    with pytest.raises(DataError) as caught:
        data.load(name)
    said = str(caught.value)
    assert said.startswith(f"{name} is not on this machine and can't be downloaded; ")
    assert f"pass --data {name}.npz" in said
    assert str(data.keras_cache(name)) in said
    assert "\n" not in said
    assert capsys.readouterr().out == ""


def test_what_keras_downloads_is_read(tmp_path, monkeypatch):
    import keras

    def download():
        (tmp_path / "datasets").mkdir()
        write_digits(tmp_path / "datasets" / "mnist.npz", train=30, test=10)

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", download)
    assert len(data.load("mnist").test) == 10


def test_held_out_digits_are_the_same_for_a_seed_and_never_among_the_others(npz):
    digits = data.load("mnist", npz).train
    rest, held = data.hold_out(digits, 10, seed=0)
    again = data.hold_out(digits, 10, seed=0)[1]
    other = data.hold_out(digits, 10, seed=1)[1]
    assert (len(rest), len(held)) == (30, 10)
    assert np.array_equal(held.images, again.images)
    assert not np.array_equal(held.images, other.images)
    together = sorted(image.tobytes() for image in (*rest.images, *held.images))
    assert together == sorted(image.tobytes() for image in digits.images)


def test_something_must_be_left_to_learn_from(npz):
    digits = data.load("mnist", npz).train
    with pytest.raises(DataError, match="smaller --validation"):
        data.hold_out(digits, 40, seed=0)


def numbered(count):
    """Return images that are told apart by their first pixels."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(count) % 256, np.arange(count) // 256
    return data.Examples(images, (np.arange(count) % 10).astype(np.uint8))


def numbers(examples):
    return (examples.images[:, 0, 0] + 256 * examples.images[:, 0, 1].astype(int)).tolist()


@settings(deadline=None)
@given(count=st.integers(2, 400), of=st.integers(2, 12), seed=st.integers(0, 5))
def test_every_image_is_kept_apart_in_exactly_one_fold(count, of, seed):
    assume(of <= count)
    examples = numbered(count)
    folds = list(data.folds(examples, of, seed))
    held = []
    for learnt, apart in folds:
        assert sorted([*numbers(learnt), *numbers(apart)]) == list(range(count))
        assert abs(len(apart) - count / of) < 1
        assert apart.labels.tolist() == [number % 10 for number in numbers(apart)]
        held.extend(numbers(apart))
    assert len(folds) == of
    assert sorted(held) == list(range(count))


def test_folds_are_the_same_for_a_seed_and_not_in_the_order_of_the_file():
    examples = numbered(100)
    first, again, other = (
        [numbers(apart) for _, apart in data.folds(examples, 5, seed)] for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    assert first[0] != list(range(20))


def test_more_folds_than_images_are_refused():
    with pytest.raises(DataError, match="3 images can't be cut into 4 folds; give fewer"):
        list(data.folds(numbered(3), 4, seed=0))


def test_the_time_limit_on_sockets_is_taken_back():
    import socket

    before = socket.getdefaulttimeout()
    with contextlib.suppress(KeyError), data._socket_timeout(1.0):
        assert socket.getdefaulttimeout() == 1.0
        raise KeyError
    assert socket.getdefaulttimeout() == before
