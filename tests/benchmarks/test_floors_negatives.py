from __future__ import annotations

import pytest

from tests.benchmarks.floors import RENDERED_COUNT, assert_held

NEEDED = ("mnist.npz", "pendigits_strokes.json.gz", "unipen_strokes.json.gz")


@pytest.fixture(autouse=True)
def data(shared_data):
    for name in NEEDED:
        shared_data(name)


@pytest.mark.parametrize(
    ("name", "count"), [("negatives", RENDERED_COUNT), ("odd_negatives", RENDERED_COUNT // 2)]
)
def test_of_photos_without_a_postcode_none_is_accepted(name, count):
    assert_held(name, count)
