from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from edge.config import TABLES, Camera, Config, Kiosk, Publish, contradictions, keys
from edge.config_values import from_file, must_be
from edge.directory import BUILT_IN

KEYS = {key.full: key for key in keys()}


def test_every_field_of_every_table_is_a_key():
    wanted = [f"{t}.{f.name}" for t, made in TABLES.items() for f in dataclasses.fields(made)]
    assert list(KEYS) == wanted
    assert [field.name for field in dataclasses.fields(Config)] == list(TABLES)
    assert {type(getattr(Config(), table)) for table in TABLES} == set(TABLES.values())


@pytest.mark.parametrize("full", KEYS)
def test_every_key_has_a_meaning_a_type_and_a_default_that_it_accepts(full):
    key = KEYS[full]
    assert key.rule.meaning.endswith(".")
    assert key.kind in (bool, int, float, str, Path, tuple)
    assert must_be(key)
    assert (key.rule.low is None) == (key.rule.high is None)
    if key.kind in (int, float):
        assert key.rule.low is not None
    if key.default is None:
        assert key.is_optional
        assert key.rule.absent
        assert from_file(key, "", Path("/")) is None
    else:
        default = list(key.default) if key.kind is tuple else key.default
        assert from_file(key, default, Path("/")) == key.default


@pytest.mark.parametrize("full", KEYS)
def test_a_number_with_a_dimension_says_its_unit_in_its_name(full):
    key = KEYS[full]
    suffix = {"s": "_s", "ms": "_ms", "MB": "_mb", "days": "_days", "readings": "_pending", "": ""}
    assert key.name.endswith(suffix[key.rule.unit])


def test_variables_are_named_after_table_and_key_and_are_all_different():
    assert KEYS["kiosk.token_file"].variable == "FIVEBOX_KIOSK_TOKEN_FILE"
    assert len({key.variable for key in keys()}) == len(KEYS)
    assert all(re.fullmatch(r"FIVEBOX_[A-Z]+_[A-Z_]+", key.variable) for key in keys())


def test_the_directories_that_are_no_path_are_those_that_are_built_in():
    assert KEYS["reader.directory"].rule.names == BUILT_IN


def test_secrets_are_marked():
    secret = {key.full for key in keys() if key.rule.is_secret}
    assert secret == {"kiosk.token", "publish.mqtt_password", "publish.webhook_secret"}


def test_settings_are_frozen():
    for table in TABLES.values():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(table(), dataclasses.fields(table)[0].name, None)


def test_the_defaults_contradict_nothing():
    assert list(contradictions(Config())) == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (Config(camera=Camera(least_wait_s=9.0)), "least_wait_s is longer than"),
        (
            Config(kiosk=Kiosk(token="x" * 16, token_file=Path("t"))),
            "kiosk.token and kiosk.token_file",
        ),
        (
            Config(publish=Publish(mqtt_user="u", mqtt_password="p", mqtt_password_file=Path("p"))),
            "publish.mqtt_password and publish.mqtt_password_file",
        ),
        (
            Config(publish=Publish(webhook_secret="s", webhook_secret_file=Path("s"))),
            "publish.webhook_secret and",
        ),
        (Config(publish=Publish(mqtt_key_file=Path("k"))), "belong together"),
        (Config(publish=Publish(mqtt_certificate_file=Path("c"))), "belong together"),
        (Config(publish=Publish(mqtt_password="p")), "needs publish.mqtt_user"),
        (Config(publish=Publish(home_assistant=True)), "needs publish.mqtt_host"),
    ],
)
def test_what_can_not_hold_at_the_same_time_is_told(config, told):
    (sentence,) = contradictions(config)
    assert told in sentence
