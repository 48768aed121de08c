from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import keys
from edge.config_values import from_file, from_text, must_be, shown, without_password

KEYS = {key.full: key for key in keys()}
FOLDER = Path("/etc/fivebox")


@pytest.mark.parametrize(
    ("full", "value", "wanted"),
    [
        ("kiosk.port", 80, 80),
        ("kiosk.port", 0, 0),
        ("kiosk.port", 65535, 65535),
        ("camera.frame_s", 3, 3.0),
        ("camera.frame_s", 0.1, 0.1),
        ("reader.max_error", 0.001, 0.001),
        ("reader.max_error", "", None),
        ("kiosk.sound", False, False),
        ("kiosk.language", "ko", "ko"),
        ("kiosk.names", ["kiosk.local", " front "], ("kiosk.local", "front")),
        ("reader.model", "m.tflite", FOLDER / "m.tflite"),
        ("reader.model", "/srv/m.tflite", Path("/srv/m.tflite")),
        ("reader.directory", "kr", Path("kr")),
        ("reader.directory", "./kr", FOLDER / "kr"),
        ("publish.mqtt_topic", "post/office", "post/office"),
        ("publish.webhook_url", "https://example.org/in?x=1", "https://example.org/in?x=1"),
        ("kiosk.host", "::1", "::1"),
    ],
)
def test_a_value_is_taken_as_its_key_wants_it(full, value, wanted):
    found = from_file(KEYS[full], value, FOLDER)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("full", "value", "told"),
    [
        ("kiosk.port", "8080", "a whole number from 0 to 65,535"),
        ("kiosk.port", 80.0, "a whole number"),
        ("kiosk.port", True, "a whole number"),
        ("kiosk.port", -1, "from 0 to 65,535"),
        ("kiosk.port", 65536, "from 0 to 65,535"),
        ("kiosk.port", 10**400, "from 0 to 65,535"),
        ("camera.frame_s", 10**400, "from 0.1 to 60"),
        ("camera.frame_s", math.nan, "from 0.1 to 60"),
        ("camera.frame_s", math.inf, "from 0.1 to 60"),
        ("camera.frame_s", 60.001, "from 0.1 to 60"),
        ("camera.frame_s", False, "a number"),
        ("camera.frame_s", "", "a number"),
        ("reader.max_error", 0, "above 0 and below 1"),
        ("reader.max_error", 1, "above 0 and below 1"),
        ("kiosk.sound", 1, "true or false"),
        ("kiosk.sound", "true", "true or false"),
        ("kiosk.language", "de", "auto, ko or en"),
        ("kiosk.names", "front", "a list of texts"),
        ("kiosk.names", [1], "a list of texts"),
        ("kiosk.names", [" "], "a list of texts"),
        ("kiosk.host", "", "an address"),
        ("kiosk.host", "http://x/", "an address"),
        ("kiosk.token", "short", "at least 16 letters"),
        ("reader.model", "  ", "a path"),
        ("reader.model", "a\0b", "a path"),
        ("reader.model", 3, "a path"),
        ("reader.model", "~nobody-of-that-name/m", "a path of a user that exists"),
        ("publish.mqtt_topic", "a/#", "a topic"),
        ("publish.webhook_url", "example.org", "begins with https://"),
        ("camera.source", {"uri": "x"}, "a source"),
    ],
)
def test_what_it_can_not_be_is_told_with_what_it_must_be(full, value, told):
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        from_file(KEYS[full], value, FOLDER)


@pytest.mark.parametrize(
    ("full", "text", "wanted"),
    [
        ("kiosk.port", " 80 ", 80),
        ("camera.frame_s", "1.5", 1.5),
        ("camera.frame_s", "2", 2.0),
        ("kiosk.sound", "Off", False),
        ("kiosk.sound", "1", True),
        ("kiosk.names", "a, b,,", ("a", "b")),
        ("kiosk.names", "", ()),
        ("reader.model", "m", FOLDER / "m"),
        ("reader.max_error", "", None),
        ("kiosk.language", "en", "en"),
    ],
)
def test_a_variables_text_is_taken_as_its_key_wants_it(full, text, wanted):
    found = from_text(KEYS[full], text, FOLDER)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("full", "text"),
    [
        ("kiosk.port", "80.5"),
        ("kiosk.port", "eighty"),
        ("kiosk.port", ""),
        ("kiosk.port", "9" * 5000),
        ("camera.frame_s", "nan"),
        ("camera.frame_s", "1e999"),
        ("kiosk.sound", ""),
        ("kiosk.sound", "maybe"),
        ("kiosk.host", ""),
    ],
)
def test_a_variables_text_that_it_can_not_be_is_told(full, text):
    with pytest.raises(ValueError, match=must_be(KEYS[full])[:10]):
        from_text(KEYS[full], text, FOLDER)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(full=st.sampled_from(sorted(KEYS)), value=_ANYTHING)
def test_any_value_is_of_the_keys_type_or_told(full, value):
    key = KEYS[full]
    try:
        found = from_file(key, value, FOLDER)
    except ValueError:
        return
    assert found is None or isinstance(found, key.kind)


@given(full=st.sampled_from(sorted(KEYS)), text=st.text())
def test_any_text_is_of_the_keys_type_or_told(full, text):
    key = KEYS[full]
    try:
        found = from_text(key, text, FOLDER)
    except ValueError:
        return
    assert found is None or isinstance(found, key.kind)


@given(full=st.sampled_from(sorted(KEYS)), value=_ANYTHING)
def test_what_is_shown_is_toml_of_the_same_value(full, value):
    key = KEYS[full]
    try:
        found = from_file(key, value, FOLDER)
    except ValueError:
        return
    text = shown(key, found)
    if found is None:
        assert text == ""
    elif key.rule.is_secret:
        assert text == "…"
    elif "://" not in str(found):
        again = tomllib.loads(f"x = {text}")["x"]
        if isinstance(found, Path):
            assert again == str(found)
        elif isinstance(found, float):
            assert again == pytest.approx(found)
        else:
            assert again == (list(found) if isinstance(found, tuple) else found)


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("rtsp://viewer:geheim@10.0.0.9:554/live", "rtsp://…@10.0.0.9:554/live"),
        ("https://token@example.org/in", "https://…@example.org/in"),
        ("https://example.org/in?key=geheim", "https://example.org/in?…"),
        ("https://example.org/in", "https://example.org/in"),
        ("picamera:0?width=1640", "picamera:0?width=1640"),
        ("/dev/video0", "/dev/video0"),
        ("http://[broken", "…"),
    ],
)
def test_passwords_in_addresses_are_hidden(address, wanted):
    assert without_password(address) == wanted
