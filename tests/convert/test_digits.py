from __future__ import annotations

import contextlib
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.convert import convert
from convert.digits import read_digits, read_rows
from convert.source import load_source
from convert.variants import Options
from tests.train.synthetic import draw_digits
from train.errors import DataError

IMAGES, LABELS = draw_digits(60, seed=4)


def written(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        IMAGES[..., None],
        IMAGES.reshape(-1, 784),
        IMAGES / 255,
        (IMAGES / 255).astype(np.float32).reshape(-1, 784),
    ],
)
@pytest.mark.parametrize("names", [("x_test", "y_test"), ("x", "y"), ("images", "labels")])
def test_digits_in_any_of_their_forms_are_read(tmp_path, images, names):
    path = written(tmp_path / "d.npz", **dict(zip(names, (images, LABELS), strict=True)))
    pixels, labels = read_digits(path, "eval")
    assert np.array_equal(pixels, IMAGES)
    assert np.array_equal(labels, LABELS)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (IMAGES[:, :27], r"its images are \(60, 27, 28\)"),
        (IMAGES[0], r"its images are \(28, 28\)"),
        (IMAGES.reshape(60, 28, 14, 2), "its images are"),
        (IMAGES[:5], "has 5 images"),
        (IMAGES[:0], "has 0 images"),
        (IMAGES.astype(np.int32), "int32 from 0 to 255"),
        (IMAGES.astype(np.float32), "float32 from 0 to 255"),
        (IMAGES / 255 - 0.5, "from -0.5"),
        (IMAGES // 255, "uint8 from 0 to 1,"),
        (IMAGES * 0, "uint8 from 0 to 0"),
        (np.where(IMAGES > 0, np.nan, 0.0), "from nan"),
        (IMAGES.astype(str), "images are"),
        (IMAGES > 0, "bool from 0 to 1"),
    ],
)
def test_representative_digits_of_another_shape_range_or_number_are_refused(tmp_path, images, said):
    path = written(tmp_path / "d.npz", x=images)
    with pytest.raises(DataError, match=said) as caught:
        read_digits(path, "representative")
    assert "--representative" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": IMAGES}, "no label for each"),
        ({"x": IMAGES, "y": LABELS[:-1]}, "no label for each"),
        ({"x": IMAGES, "y": LABELS + 1}, "from 0 to 9"),
        ({"x": IMAGES, "y": LABELS.astype(float)}, "from 0 to 9"),
        ({"pictures": IMAGES, "y": LABELS}, "no array called x_test"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, arrays, said):
    with pytest.raises(DataError, match=said) as caught:
        read_digits(written(tmp_path / "d.npz", **arrays), "eval")
    assert "--eval" in str(caught.value)


def test_files_that_are_none_are_one_sentence_each(tmp_path):
    np.save(tmp_path / "one.npy", IMAGES)
    good = written(tmp_path / "good.npz", x=IMAGES).read_bytes()
    (tmp_path / "half.npz").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez(tmp_path / "pickled.npz", x=np.array([{}, []], object))
    for name in ("one.npy", "half.npz", "text.npz", "empty.npz", "pickled.npz", "none.npz", ""):
        with pytest.raises(DataError) as caught:
            read_digits(tmp_path / name, "representative")
        assert "\n" not in str(caught.value)


@given(data=st.data())
def test_a_damaged_file_is_never_a_traceback(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    content = bytearray(written(path, x=IMAGES[:20]).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert read_digits(path, "representative")[0].shape[1:] == (28, 28)


def test_an_array_whose_header_is_no_python_is_one_sentence(tmp_path):
    header = b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': ((\n".ljust(118)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header)
    with pytest.raises(DataError, match="damaged one"):
        read_digits(tmp_path / "a.npz", "representative")


def test_an_encrypted_archive_is_one_sentence(tmp_path):
    path = written(tmp_path / "a.npz", x_train=np.zeros((30, 28, 28), np.uint8))
    content = bytearray(path.read_bytes())
    # The flag is the seventh byte of a file's header, the ninth of its entry in the directory.
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + place] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged one"):
        read_digits(path, "representative")


def test_given_digits_are_enough_for_a_model_without_a_training(build, tmp_path, monkeypatch):
    (build / "report.json").unlink()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    import keras

    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: 1 / 0)
    shown = written(tmp_path / "shown.npz", x=IMAGES)
    images, labels = draw_digits(200, seed=8)
    judged = written(tmp_path / "judged.npz", x=images, y=labels)
    made = convert(
        build / "postcode.keras",
        tmp_path / "m.tflite",
        "int8",
        options=Options(representative=shown, evaluation=judged),
    )
    assert made.evaluation.of == 200
    assert set(made.holdout) == {"judged"}
    assert made.card.training["data"] is None
    assert made.card.training["given"]["eval"].startswith("judged.npz sha256 ")
    with pytest.raises(DataError):
        convert(build / "postcode.keras", tmp_path / "m.tflite", "int8")


def test_the_ranges_come_from_the_digits_that_are_given(build, tmp_path):
    sizes = []
    for name, images in (("faint", IMAGES // 4), ("bright", IMAGES)):
        shown = written(tmp_path / f"{name}.npz", x=images)
        target = tmp_path / name / "m.tflite"
        options = Options(representative=shown, max_drop=100)
        try:
            convert(build / "postcode.keras", target, "int8", options=options)
        except ValueError as error:
            sizes.append(str(error))
        else:
            sizes.append(target.read_bytes())
    # Faint ones do not show how bright digits become: the input's range betrays them.
    assert "1/255 and 0 is needed" in sizes[0]
    assert isinstance(sizes[1], bytes)


def test_the_given_digits_decide(build, tmp_path):
    source = load_source(build / "postcode.keras")
    assert source.training is not None
    images, labels = draw_digits(40, seed=8)
    judged = written(tmp_path / "judged.npz", x=images, y=labels)
    made = convert(
        build / "postcode.keras",
        tmp_path / "m.tflite",
        "int8",
        options=Options(evaluation=judged),
    )
    assert made.evaluation.of == 40
    assert set(made.holdout) == {"mnist"}


def with_and_without(given, build, tmp_path):
    """Return what a conversion makes with a file to calibrate on, and without."""
    return [
        convert(
            build / "postcode.keras",
            tmp_path / name / "m.tflite",
            "int8",
            options=Options(calibration=file),
        )
        for name, file in (("given", given), ("usual", None))
    ]


def test_temperature_and_thresholds_are_fitted_on_given_digits_too(build, tmp_path):
    images, labels = draw_digits(400, seed=8)
    # A quarter are called something else: nobody can be sure of them.
    labels[::4] = (labels[::4] + 1) % 10
    hard = written(tmp_path / "photos.npz", images=images, labels=labels)
    made, usual = with_and_without(hard, build, tmp_path)
    assert set(made.holdout) == {"mnist", "photos"}
    assert made.holdout["photos"].of == 400
    assert made.card.training["given"]["calibrate"].startswith("photos.npz sha256 ")
    assert "photos" in made.card.calibration["holdout_errors"]
    assert made.card.temperature > usual.card.temperature
    # A postcode of any set is hardly wrong where it is accepted, and hardly one of these is.
    assert made.card.reject_threshold > usual.card.reject_threshold
    assert made.card.calibration["read_rate"]["photos"] < 0.1
    assert max(made.card.calibration["wrong_rate"].values()) <= 0.01
    # Nothing is reported on them, and they are no part of the test.
    assert set(made.test) == {"mnist"}


def test_what_was_cut_out_of_rows_is_judged_by_the_row(build, tmp_path):
    images, labels = draw_digits(400, seed=8)
    # Twenty rows of eighty are not legible, and their digits have no say in the temperature.
    images[:100] = images[100:200][::-1]
    rows = np.arange(400) // 5
    given = written(tmp_path / "photos.npz", images=images, labels=labels, rows=rows)
    made, usual = (each.card for each in with_and_without(given, build, tmp_path))
    assert made.temperature == usual.temperature
    assert made.calibration["postcodes"]["photos"] == 80
    assert made.calibration["threshold_of"]["photos"] == 400
    assert made.reject_threshold >= usual.reject_threshold


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros(59, int), "no whole number for each of its 60 digits"),
        (np.zeros(60), "no whole number for each of its 60 digits"),
        (np.arange(60), "has no five digits of one row"),
        (np.zeros(60, int), "has no five digits of one row"),
    ],
)
def test_rows_that_are_none_are_one_sentence(tmp_path, rows, said):
    path = written(tmp_path / "d.npz", images=IMAGES, labels=LABELS, rows=rows)
    with pytest.raises(DataError, match=said) as caught:
        read_rows(path)
    assert "\n" not in str(caught.value)


def test_digits_that_were_in_no_row_tell_none(tmp_path):
    assert read_rows(written(tmp_path / "d.npz", images=IMAGES, labels=LABELS)) is None


def test_a_set_to_calibrate_on_has_a_name_of_its_own(build, tmp_path):
    images, labels = draw_digits(40, seed=8)
    given = written(tmp_path / "mnist.npz", images=images, labels=labels)
    with pytest.raises(DataError, match="another set is called mnist as well"):
        convert(
            build / "postcode.keras",
            tmp_path / "m.tflite",
            "int8",
            options=Options(calibration=given),
        )
