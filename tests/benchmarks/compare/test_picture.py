from __future__ import annotations

import cv2

from benchmarks.compare import picture
from benchmarks.compare.peers import PEERS
from benchmarks.compare.results import Results, shown
from tests.benchmarks.compare.made import ALL

ROWS = shown(Results("abc", ALL, {}))


def test_every_program_has_a_point_in_both_panels_at_its_time_and_accuracy():
    for axes, kind in zip(picture.draw(ROWS).axes, ("photo", "touch"), strict=True):
        assert axes.get_xscale() == "log"
        points = [line for line in axes.lines if line.get_marker() == "o"]
        assert [line.get_xdata()[0] for line in points] == [one.ms[kind]["p50"] for one in ROWS]
        first = 100 * (9 / 14 if kind == "photo" else 7 / 8)
        assert points[0].get_ydata()[0] == first
        names = [text.get_text() for text in axes.texts]
        assert all(any(peer.title in name for name in names) for peer in PEERS.values())


def test_each_program_has_a_colour_of_its_own():
    photos = picture.draw(ROWS).axes[0]
    colours = {line.get_color() for line in photos.lines}
    assert len(colours) == len(PEERS)


def test_names_lie_within_the_picture_and_not_on_each_other():
    figure = picture.draw(ROWS)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        for place, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1
            assert not any(box.overlaps(other) for other in boxes[:place])


def test_the_picture_is_written(tmp_path):
    path = tmp_path / "deep" / "compare.png"
    picture.save(picture.draw(ROWS), path)
    assert cv2.imread(str(path)).std() > 5
