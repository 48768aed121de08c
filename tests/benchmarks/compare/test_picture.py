from __future__ import annotations

import cv2

from benchmarks.compare import picture
from benchmarks.compare.peers import PEERS
from benchmarks.compare.results import Results, shown
from tests.benchmarks.compare.made import ALL

ROWS = shown(Results("abc", ALL, {}))


def points(axes):
    return [line for line in axes.lines if line.get_marker() != "None"]


def test_every_program_has_a_point_in_both_panels_at_its_time_and_accuracy():
    for axes, kind in zip(picture.draw(ROWS).axes, ("photo", "touch"), strict=True):
        assert axes.get_xscale() == "log"
        assert [p.get_xdata()[0] for p in points(axes)] == [one.ms[kind]["p50"] for one in ROWS]
        first = 100 * (9 / 14 if kind == "photo" else 7 / 8)
        assert points(axes)[0].get_ydata()[0] == first


def test_each_program_has_a_colour_and_a_shape_of_its_own():
    photos = picture.draw(ROWS).axes[0]
    assert len({line.get_color() for line in photos.lines}) == len(PEERS)
    assert len({line.get_marker() for line in points(photos)}) == len(PEERS)


def test_the_legend_tells_each_point_by_its_looks():
    figure = picture.draw(ROWS)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert all(any(peer.title in name for name in names) for peer in PEERS.values())
    looks = [
        (p.get_color(), p.get_marker(), p.get_markerfacecolor()) for p in points(figure.axes[0])
    ]
    handles = [
        (h.get_color(), h.get_marker(), h.get_markerfacecolor()) for h in legend.legend_handles
    ]
    assert handles == looks
    assert len(set(looks)) == len(names)


def test_the_legend_lies_within_the_picture_and_on_no_panel():
    figure = picture.draw(ROWS)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert figure.bbox.x0 <= box.x0
    assert box.x1 <= figure.bbox.x1
    assert not any(box.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_the_picture_is_written(tmp_path):
    path = tmp_path / "deep" / "compare.png"
    picture.save(picture.draw(ROWS), path)
    assert cv2.imread(str(path)).std() > 5
