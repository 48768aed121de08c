from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import Config, Kiosk, Publish
from edge.config_load import load, secret
from edge.errors import ConfigError

NOWHERE = Path("/nowhere/fivebox.toml")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a settings file and returns its path."""

    def write(text):
        path = tmp_path / "fivebox.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def told(path, **options):
    with pytest.raises(ConfigError) as caught:
        load(path, default_file=NOWHERE, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path), "F")


def test_without_anything_the_defaults_hold():
    settings = load(default_file=NOWHERE)
    assert settings.config == Config()
    assert set(settings.origins.values()) == {"default"}
    assert settings.path is None


def test_default_file_environment_and_flags_hold_in_this_order(write):
    path = write("[kiosk]\nport = 1\nrest_ms = 500\nlanguage = 'ko'\n")
    environ = {"FIVEBOX_KIOSK_PORT": "2", "FIVEBOX_KIOSK_REST_MS": "600", "HOME": "/root"}
    settings = load(path, environ, {"kiosk.port": 3, "kiosk.sound": None})
    kiosk = settings.config.kiosk
    assert (kiosk.port, kiosk.rest_ms, kiosk.language, kiosk.sound) == (3, 600, "ko", True)
    names = ("port", "rest_ms", "language", "sound")
    assert [settings.origins[f"kiosk.{name}"] for name in names] == [
        "--port",
        "FIVEBOX_KIOSK_REST_MS",
        f"{path}, line 4",
        "default",
    ]
    assert settings.path == path


def test_which_file_is_read_is_said_by_the_flag_then_the_variable_then_the_default(tmp_path):
    paths = []
    for port in (1, 2, 3):
        paths.append(tmp_path / f"{port}.toml")
        paths[-1].write_text(f"[kiosk]\nport = {port}\n")
    flag, variable, default = paths
    environ = {"FIVEBOX_CONFIG": str(variable)}
    assert load(flag, environ, default_file=default).config.kiosk.port == 1
    assert load(None, environ, default_file=default).config.kiosk.port == 2
    assert load(None, {"FIVEBOX_CONFIG": ""}, default_file=default).config.kiosk.port == 3
    assert load(None, {}, default_file=NOWHERE).config.kiosk.port == 8080


def test_paths_of_a_file_start_at_its_folder_and_others_where_we_are(write, monkeypatch, tmp_path):
    path = write("[reader]\nmodel = 'm.tflite'\ndirectory = 'kr'\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    environ = {"FIVEBOX_KIOSK_TOKEN_FILE": "token"}
    config = load(path, environ, {"journal.folder": Path("data")}).config
    assert config.reader.model == path.parent / "m.tflite"
    assert str(config.reader.directory) == "kr"
    assert config.kiosk.token_file == tmp_path / "here" / "token"
    assert config.journal.folder == tmp_path / "here" / "data"


def test_a_byte_order_mark_is_passed_over(write):
    assert load(write("\ufeff[kiosk]\nport = 5\n")).config.kiosk.port == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[kiosk]\n\nprot = 1\n",
            "F, line 3: unknown setting 'prot' in [kiosk]; did you mean port?",
        ),
        (
            "[kiosk]\nPort = 1\n",
            "F, line 2: unknown setting 'Port' in [kiosk]; did you mean port?",
        ),
        (
            "[camera]\nzzz = 1\n",
            "F, line 2: unknown setting 'zzz' in [camera]; there are source, first_s, frame_s, "
            "least_wait_s, most_wait_s",
        ),
        (
            "# kiosk\n[kioks]\nport = 1\n",
            "F, line 2: unknown table 'kioks'; did you mean kiosk?",
        ),
        (
            "port = 1\n",
            "F, line 1: unknown setting outside of a table 'port'; there are reader, camera, "
            "kiosk, journal, publish",
        ),
        ("kiosk = 1\n", "F, line 1: kiosk is a table; write [kiosk]"),
        ("[[kiosk]]\nport = 1\n", "F, line 1: kiosk is a table; write [kiosk]"),
        (
            "[camera]\nsource = 'x'\n[kiosk]\nsource = 'x'\nsound = 0\n",
            "F, line 4: unknown setting 'source' in [kiosk]; did you mean sound?",
        ),
        (
            "[kiosk]\nport = 99999 # high\n",
            "F, line 2: kiosk.port must be a whole number from 0 to 65,535, not 99999",
        ),
        (
            "[kiosk]\n'port' = '80'\n",
            "F, line 2: kiosk.port must be a whole number from 0 to 65,535, not '80'",
        ),
        (
            "kiosk.port = 99999\n",
            "F: kiosk.port must be a whole number from 0 to 65,535, not 99999",
        ),
        (
            "kiosk = { port = true }\n",
            "F: kiosk.port must be a whole number from 0 to 65,535, not True",
        ),
        (
            "[kiosk]\ntoken = 'geheim'\n",
            "F, line 2: kiosk.token must be at least 16 letters, digits and -._~",
        ),
        ("[publish]\nhome_assistant = true\n",
         "F: publish.home_assistant needs publish.mqtt_host; set it too"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_its_line(write, text, message):
    assert told(write(text)) == message


def test_what_is_no_toml_is_told_with_its_line(write):
    assert told(write("[kiosk]\nport 8080\n")).startswith("F: not TOML (")
    assert "line 2" in told(write("[kiosk]\nport 8080\n"))


def test_what_is_no_text_is_told(tmp_path):
    path = tmp_path / "fivebox.toml"
    path.write_bytes(b"[kiosk]\nlanguage = '\xff'\n")
    assert told(path) == "F: not UTF-8 text; save the file as UTF-8"


def test_a_file_that_is_too_large_is_told(write):
    assert told(write("#" * 1_000_001)) == ("F: larger than 1 MB; name another file")


def test_a_file_that_is_named_must_be_there(tmp_path):
    missing = tmp_path / "no.toml"
    assert told(missing).startswith("F: can't be read (No such file or directory)")
    with pytest.raises(ConfigError, match=r"no\.toml"):
        load(None, {"FIVEBOX_CONFIG": str(missing)}, default_file=NOWHERE)
    assert "Is a directory" in told(tmp_path)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"FIVEBOX_KIOSK_PROT": "1"},
            "FIVEBOX_KIOSK_PROT: unknown setting in the environment; did you mean "
            "FIVEBOX_KIOSK_PORT?",
        ),
        (
            {"FIVEBOX_KIOKS_PORT": "1"},
            "FIVEBOX_KIOKS_PORT: unknown setting in the environment; did you mean "
            "FIVEBOX_KIOSK_PORT?",
        ),
        (
            {"FIVEBOX_KIOSK_PORT": "x"},
            "FIVEBOX_KIOSK_PORT: kiosk.port must be a whole number from 0 to 65,535, not 'x'",
        ),
        (
            {"FIVEBOX_KIOSK_TOKEN": "geheim"},
            "FIVEBOX_KIOSK_TOKEN: kiosk.token must be at least 16 letters, digits and -._~",
        ),
        (
            {"FIVEBOX_PUBLISH_MQTT_PASSWORD": "geheim"},
            "publish.mqtt_password needs publish.mqtt_user; set it too",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_told(environ, message):
    assert told(None, environ=environ) == message


def test_variables_of_others_are_passed_over():
    environ = {"FIVEBOX_DATA": "/data", "FIVEBOX_TFLITE_RUNTIME": "x", "PATH": "/bin"}
    assert load(None, environ, default_file=NOWHERE).config == Config()


def test_a_flag_out_of_its_range_is_told():
    assert told(None, flags={"camera.frame_s": 0.01}) == (
        "--frame-s: camera.frame_s must be a number from 0.1 to 60, not 0.01"
    )


def test_a_secret_is_that_of_the_settings_or_of_the_file_they_name(tmp_path):
    file = tmp_path / "token"
    file.write_text("in-a-file-in-a-file\n")
    assert secret(Kiosk(), "token") is None
    assert secret(Kiosk(token="x" * 16), "token") == "x" * 16
    assert secret(Kiosk(token_file=file), "token") == "in-a-file-in-a-file"
    assert secret(Publish(mqtt_password_file=file), "mqtt_password") == "in-a-file-in-a-file"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "F: can't be read (No such file or directory); check the path and its permissions"),
        ("\n", "F: no token is in it; write one into it"),
        ("short", "F: kiosk.token must be at least 16 letters, digits and -._~"),
    ],
)
def test_a_file_without_a_secret_is_told_but_not_what_is_in_it(tmp_path, content, message):
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        secret(Kiosk(token_file=file), "token")
    assert str(caught.value).replace(str(file), "F") == message


@given(st.text(max_size=200) | st.text("[]kios=port.8'\"{}#\n ", max_size=80))
def test_any_text_is_settings_or_one_sentence(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, "utf-8")
    try:
        message = f"{load(path).path} is read"
    except ConfigError as error:
        message = str(error)
    assert "\n" not in message
    assert message.startswith(str(path))
