from __future__ import annotations

from benchmarks.compare.items import Item, load_items, save_items


def test_items_come_back_as_they_were(tmp_path):
    boxes = tuple((20 * place, 5, 18, 30) for place in range(5))
    recording = {"boxes": [[1, 2, 3, 4]] * 5, "strokes": [[[1.5, 2, 10]]]}
    items = [
        Item("desk", "photo", "04524", "a.jpg", None),
        Item("touch", "touch", "06738", "b.png", "b.png", boxes, recording),
    ]
    save_items(tmp_path / "items.json", items)
    assert load_items(tmp_path / "items.json") == items
