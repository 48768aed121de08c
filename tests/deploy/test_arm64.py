"""How two machines' readings are compared."""

from __future__ import annotations

import copy
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts/arm64"
STEP = 0.25


@pytest.fixture(scope="module")
def compare(load_file) -> ModuleType:
    return load_file(SCRIPTS / "compare.py")


def told() -> dict[str, Any]:
    return {
        "readings": {"a.jpg": ["accepted", "04524"], "b.jpg": ["rejected", "67381"]},
        "step": STEP,
        "logits": [[0.0, 1.0, -2.0], [3.0, 0.5, 0.25]],
    }


def test_the_same_and_one_step_apart_is_the_same(compare) -> None:
    there = told()
    assert compare.differences(told(), there) == []
    there["logits"][1][0] += STEP
    assert compare.differences(told(), there) == []


def test_two_steps_apart_is_not(compare) -> None:
    there = told()
    there["logits"][0][2] -= 2 * STEP
    assert compare.differences(told(), there) == ["logits differ by 2.0 steps, where 1 is allowed"]


def test_another_postcode_status_or_sample_is_named(compare) -> None:
    for change in (["accepted", "04525"], ["rejected", "04524"], None):
        there = copy.deepcopy(told())
        if change is None:
            del there["readings"]["a.jpg"]
        else:
            there["readings"]["a.jpg"] = change
        (difference,) = compare.differences(told(), there)
        assert difference.startswith("a.jpg: ")


def test_another_model_is_told(compare) -> None:
    there = told() | {"step": 0.5}
    assert "the models differ" in compare.differences(told(), there)[0]


def test_the_stand_in_answers_what_is_asked_before_a_camera_is_opened(load_file) -> None:
    stand_in = load_file(SCRIPTS / "picamera2.py").Picamera2
    assert stand_in.global_camera_info() == []
    with pytest.raises(IndexError):
        stand_in(0)
