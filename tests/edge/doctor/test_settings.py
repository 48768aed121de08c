from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from edge.config import Config, Kiosk, Publish, Reader
from edge.config_load import load
from edge.doctor.sensors import mode_of
from edge.doctor.settings import check_access, check_directory, check_files, check_settings
from edge.errors import DirectoryError


def test_settings_that_can_be_used_are_counted(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[kiosk]\nport = 9000\n")
    found, settings = check_settings(partial(load, path, {"FIVEBOX_KIOSK_SOUND": "no"}))
    assert found.state == "ok"
    assert found.message.startswith(f"{path}, 2 set")
    assert settings.config.kiosk.port == 9000


def test_settings_that_can_not_be_used_fail_with_their_line(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[kiosk]\nprot = 9000\n")
    found, settings = check_settings(partial(load, path))
    assert found.state == "fail"
    assert f"{path}, line 2" in found.message
    assert settings is None


def test_files_that_are_named_must_be_there(tmp_path):
    token = tmp_path / "token"
    config = Config(kiosk=Kiosk(token_file=token))
    found = check_files(config, mode_of)
    assert found.state == "fail"
    assert "kiosk.token_file" in found.message
    token.write_text("x")
    token.chmod(0o640)
    assert check_files(config, mode_of).state == "ok"


def test_a_secret_that_everyone_may_read_is_a_warning(tmp_path):
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o644)
    config = Config(publish=Publish(mqtt_key_file=key, mqtt_certificate_file=key))
    found = check_files(config, mode_of)
    assert found.state == "warn"
    assert found.mend == f"chmod o= {key}"
    # A certificate is no secret.
    config = Config(publish=Publish(mqtt_certificate_file=key))
    assert check_files(config, mode_of).state == "ok"


def test_what_other_checks_look_at_is_left_to_them():
    config = Config(reader=Reader(model=Path("/nowhere/m"), directory=Path("kr")))
    assert check_files(config, mode_of).state == "ok"


@pytest.mark.parametrize(
    ("kiosk", "state"),
    [
        (Kiosk(), "ok"),
        (Kiosk(host="localhost"), "ok"),
        (Kiosk(host="::1"), "ok"),
        (Kiosk(host="0.0.0.0"), "fail"),
        (Kiosk(host="kiosk.local"), "fail"),
        (Kiosk(host="0.0.0.0", token="x" * 16), "ok"),
    ],
)
def test_a_page_that_others_can_reach_needs_a_token(kiosk, state):
    assert check_access(kiosk).state == state


def test_a_token_in_a_file_counts_if_it_is_one(tmp_path):
    file = tmp_path / "token"
    kiosk = Kiosk(host="0.0.0.0", token_file=file)
    assert check_access(kiosk).state == "fail"
    file.write_text("short")
    assert check_access(kiosk).state == "fail"
    file.write_text("x" * 16)
    assert check_access(kiosk).state == "ok"


def test_a_directory_is_opened():
    def broken(_):
        raise DirectoryError("codes.txt, line 3: 'x' is not one to five digits")

    assert check_directory(None, broken).state == "ok"
    assert "34,567 postcodes" in check_directory("kr", lambda _: 34_567).message
    found = check_directory("codes.txt", broken)
    assert found.state == "fail"
    assert "line 3" in found.message
