from __future__ import annotations

import numpy as np

from convert import calibrate
from convert.describe import calibrate_model
from train.augment import UNBENT
from train.data import Examples


class Told:
    """A classifier that finds the logits of each image in it."""

    def logits(self, digits):
        return digits[:, 0, :10].astype(np.float32) / 10


def made(count, wrong, seed):
    """Return digits of which it is mostly sure, and so many that are called something else."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    images[np.arange(count), 0, labels] = rng.integers(40, 140, count)
    labels[:wrong] = (labels[:wrong] + 1) % 10
    return Examples(images, labels)


def test_the_threshold_holds_for_each_set_and_not_for_all_together(monkeypatch):
    monkeypatch.setattr(calibrate, "ENOUGH", 5)
    sets = {"pens": made(2000, 4, 0), "photos": made(400, 30, 1)}
    told = Told()
    logits = {name: told.logits(each.images) for name, each in sets.items()}
    temperature, curve, account = calibrate_model(told, sets, {}, logits, UNBENT)
    alone = {}
    for name, each in sets.items():
        probabilities = calibrate.calibrated(logits[name], temperature)
        postcodes = calibrate.compose_postcodes(
            probabilities, each.labels, 200_000, np.random.default_rng(3)
        )
        alone[name] = calibrate.find_threshold(postcodes, 0.05).threshold
    assert alone["photos"] > alone["pens"]
    assert abs(curve[0.05].threshold - alone["photos"]) < 0.02
    assert {point["allowed"]: point["set"] for point in account["reject_curve"]}[0.05] == "photos"
    assert account["threshold_of"] == {"pens": 2000, "photos": 400}
    assert account["threshold_errors"] == {"pens": 4, "photos": 30}
    # What few digits of one set ask for costs readings of the others.
    assert set(account["read_rate"]) == {"pens", "photos"}
    assert max(account["wrong_rate"].values()) <= 0.01


def test_rows_of_photos_have_a_threshold_of_their_own_and_no_say_in_the_temperature():
    sets = {"mnist": made(2000, 4, 0), "pens": made(500, 5, 1), "photos": made(5000, 300, 2)}
    # All that is wrong in the photos is wrong in sixty of a thousand.
    rows = {"photos": np.arange(5000) // 5}
    told = Told()
    logits = {name: told.logits(each.images) for name, each in sets.items()}
    temperature, curve, account = calibrate_model(told, sets, rows, logits, UNBENT)
    plain = [name for name in sets if name != "photos"]
    assert temperature == round(
        calibrate.fit_temperature(
            np.concatenate([logits[name] for name in plain]),
            np.concatenate([sets[name].labels for name in plain]),
        ),
        4,
    )
    assert account["temperature_of"] == 2500
    # The photos stand for the pens' hands; composed of their digits postcodes were wronger.
    assert set(account["read_rate"]) == {"mnist", "photos"}
    assert account["postcodes"]["photos"] == 1000
    _, composed, _ = calibrate_model(told, sets, {}, logits, UNBENT)
    assert curve[0.05].threshold < composed[0.05].threshold
