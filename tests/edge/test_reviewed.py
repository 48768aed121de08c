from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from edge.errors import OutputError
from edge.journal import Entry
from edge.reading import Reading
from edge.reviewed import digits_of, write


def entry(corrected="04525", digits=5, blank=(), number=1):
    images = np.zeros((digits, 28, 28), np.uint8)
    for place in range(digits):
        images[place] = 0 if place in blank else 10 * number + place
    return Entry(
        id=f"{number:032x}",
        number=number,
        taken_at=datetime(2026, 11, 24, tzinfo=UTC),
        clock_is_right=True,
        source="write",
        reading=Reading("accepted", postcode="04524", guess="04524"),
        digits=images if digits else None,
        corrected=corrected,
    )


def test_each_digit_has_the_persons_label():
    found = digits_of([entry(), entry("98765", number=2)])
    assert found.labels.tolist() == [0, 4, 5, 2, 5, 9, 8, 7, 6, 5]
    assert found.images[:, 0, 0].tolist() == [10, 11, 12, 13, 14, 20, 21, 22, 23, 24]
    assert (found.images.dtype, found.labels.dtype, found.readings) == (np.uint8, np.uint8, 2)


def test_what_the_model_saw_nothing_in_is_no_digit_to_learn():
    found = digits_of([entry(blank=(0, 3))])
    assert found.labels.tolist() == [4, 5, 5]
    assert found.images[:, 0, 0].tolist() == [11, 12, 14]


@pytest.mark.parametrize("left_out", [entry(corrected=None), entry(digits=0), entry(digits=4)])
def test_readings_without_a_word_or_without_images_do_not_count(left_out):
    found = digits_of([left_out])
    assert (found.images.shape, found.labels.shape, found.readings) == ((0, 28, 28), (0,), 0)


def test_the_file_is_a_training_set(tmp_path):
    out = tmp_path / "deep" / "out.npz"
    found = digits_of([entry()])
    write(out, found)
    with np.load(out, allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["images", "labels"]
        assert np.array_equal(arrays["images"], found.images)
        assert np.array_equal(arrays["labels"], found.labels)
    assert [path.name for path in out.parent.iterdir()] == ["out.npz"]


def test_without_digits_no_file_is_written_over(tmp_path):
    out = tmp_path / "out.npz"
    write(out, digits_of([entry()]))
    before = out.read_bytes()
    with pytest.raises(OutputError, match="--keep-images"):
        write(out, digits_of([]))
    assert out.read_bytes() == before
