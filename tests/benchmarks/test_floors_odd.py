from __future__ import annotations

import pytest

from tests.benchmarks.floors import RENDERED_COUNT, assert_held

NEEDED = ("mnist.npz", "pendigits_strokes.json.gz", "unipen_strokes.json.gz")


@pytest.fixture(autouse=True)
def data(shared_data):
    for name in NEEDED:
        shared_data(name)


def test_photos_of_what_is_seldom_seen_are_read():
    assert_held("odd", RENDERED_COUNT // 2)
