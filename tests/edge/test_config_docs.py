from __future__ import annotations

import re
import tomllib
from pathlib import Path

from edge.config import Config, keys
from edge.config_docs import as_json, example, in_force, page
from edge.config_load import load

ROOT = Path(__file__).parents[2]
NOWHERE = Path("/nowhere/fivebox.toml")


def test_the_page_of_settings_is_up_to_date():
    written = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert written == page(), "run: python -m edge config --docs > docs/settings.md"


def test_the_page_has_every_key_with_default_unit_and_variable():
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) == len(list(keys()))
    for row, key in zip(rows, keys(), strict=True):
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert len(cells) == 6
        assert cells[0] == f"`{key.name}`"
        assert cells[2] == (key.rule.unit or "-")
        assert cells[5] == f"`{key.variable}`"
        if key.default is not None and key.kind in (int, float):
            assert float(cells[1].strip("`")) == key.default


def test_the_example_changes_nothing_as_it_stands_nor_with_every_comment_taken_away(tmp_path):
    path = tmp_path / "fivebox.toml"
    path.write_text(example(), "utf-8")
    settings = load(path, default_file=NOWHERE)
    assert settings.config == Config()
    assert set(settings.origins.values()) == {"default"}
    bare = re.sub(r"^#(?=\w+ = )", "", example(), flags=re.MULTILINE)
    path.write_text(bare, "utf-8")
    settings = load(path, default_file=NOWHERE)
    assert settings.config == Config()
    assert "default" not in settings.origins.values()
    assert sum(map(len, tomllib.loads(bare).values())) == len(list(keys()))
    assert max(map(len, example().splitlines())) <= 100


SECRETS = {
    "FIVEBOX_KIOSK_TOKEN": "geheim-geheim-geheim",
    "FIVEBOX_PUBLISH_MQTT_USER": "kiosk",
    "FIVEBOX_PUBLISH_MQTT_PASSWORD": "geheim",
    "FIVEBOX_PUBLISH_WEBHOOK_SECRET": "geheim",
    "FIVEBOX_CAMERA_SOURCE": "rtsp://viewer:geheim@camera/live",
    "FIVEBOX_PUBLISH_WEBHOOK_URL": "https://example.org/in?key=geheim",
}


def test_what_is_in_force_says_where_it_comes_from_and_hides_secrets():
    settings = load(None, SECRETS, {"kiosk.port": 9}, NOWHERE)
    text = in_force(settings)
    assert "geheim" not in text
    rows = {row.split()[0]: row.split()[1:] for row in text.splitlines()}
    assert rows["kiosk.port"] == ["9", "--port"]
    assert rows["kiosk.token"] == ["…", "FIVEBOX_KIOSK_TOKEN"]
    assert rows["camera.source"] == ['"rtsp://…@camera/live"', "FIVEBOX_CAMERA_SOURCE"]
    assert rows["reader.model"] == ["none", "default"]
    assert list(rows) == [key.full for key in keys()]


def test_the_same_for_programs():
    shown = as_json(load(None, SECRETS, {"kiosk.port": 9}, NOWHERE))
    assert "geheim" not in str(shown)
    assert shown["kiosk.port"] == {"value": "9", "from": "--port"}
    assert shown["reader.model"] == {"value": None, "from": "default"}
