from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from benchmarks import camera, envelopes
from edge import Recognizer
from tests.benchmarks.hands import made_writers, render
from tests.edge.drawing import row


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


def page(postcode="04524"):
    return row(postcode, box=(80, 100), pitch=100, at=(350, 420), size=(1280, 960))[0]


@pytest.mark.parametrize("scene", camera.SCENES)
def test_a_film_has_the_camera_s_size_and_noise_of_its_own_in_each_frame(scene):
    frames = list(camera.film(page(), scene, 4, np.random.default_rng(0)))
    assert {(frame.shape, frame.dtype) for frame in frames} == {((1232, 1640, 3), np.dtype("u1"))}
    assert all((a != b).mean() > 0.3 for a, b in itertools.pairwise(frames))


def test_a_hand_moves_the_picture_and_comes_back():
    def middles(scene):
        for frame in camera.film(page(), scene, 12, np.random.default_rng(0)):
            dark = np.argwhere(frame[..., 0] < 120)
            yield dark.mean(axis=0)

    still, hand = (np.array(list(middles(scene))) for scene in ("still", "hand"))
    assert np.ptp(still, axis=0).max() < 1
    assert 3 < np.ptp(hand, axis=0).max() < 60


def test_every_frame_is_timed_and_an_envelope_counts_once(recognizer):
    tally = camera.Tally()
    for postcode in ("04524", "67381"):
        camera.watch(recognizer, iter([page(postcode)] * 6), postcode, tally)
    assert len(tally.ms) == 12
    assert min(tally.ms) > 0
    assert (tally.envelopes, tally.read, tally.wrong) == (2, 2, 0)
    assert tally.with_boxes == 12
    assert all(0 < each < 10 for each in tally.first_s)


def test_what_is_read_wrong_is_counted_as_wrong(recognizer):
    tally = camera.Tally()
    camera.watch(recognizer, iter([page("04524")] * 6), "11111", tally)
    assert (tally.read, tally.wrong) == (0, 1)


def test_the_rate_is_all_frames_by_all_time():
    tally = camera.Tally(ms=[10.0, 10.0, 20.0, 40.0], envelopes=1, with_boxes=2)
    line = tally.row()
    assert line["per_second"] == 50
    assert line["p50_ms"] == 15
    assert line["with_boxes"] == 0.5
    assert line["seconds_to_read"] == 0


def test_it_prints_a_table_and_writes_json(monkeypatch, tmp_path, capsys):
    def photos(kind, count, seed, side):
        assert side == "validation"
        rng = np.random.default_rng(4)
        for _ in range(count):
            yield render("strip", rng, made_writers())

    monkeypatch.setattr(envelopes, "photos", photos)
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    out = tmp_path / "results" / "camera.json"
    assert camera.main(["--photos", "1", "--frames", "3", "--out", str(out)]) == 0
    rows = json.loads(out.read_text())["scenes"]
    assert list(rows) == list(camera.SCENES)
    assert all(each["frames"] == 3 for each in rows.values())
    printed = capsys.readouterr().out
    assert all(scene in printed for scene in camera.SCENES)


def test_without_data_it_says_where_it_looked(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "none"))
    assert camera.main([]) == 1
    assert "FIVEBOX_DATA" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--photos", "0"], ["--frames", "-1"], ["--grade", "easy"]])
def test_wrong_usage_is_said_by_the_parser(wrong):
    with pytest.raises(SystemExit) as caught:
        camera.main(wrong)
    assert caught.value.code == 2
