"""The model's file was cut short, exchanged or changed: refused in a sentence, before it serves."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import ROOT
from tests.system.faults.kiosk import Kiosk, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

MODELS = ROOT / "edge" / "models"


def truncated(model):
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])


def emptied(model):
    model.write_bytes(b"")


def exchanged(model):
    shutil.copy(MODELS / "postcode-nano.tflite", model)


def changed(model):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)


def card_of_another(model):
    shutil.copy(MODELS / "postcode-nano.json", model.with_suffix(".json"))


def card_damaged(model):
    card = model.with_suffix(".json")
    card.write_text(card.read_text("utf-8")[:100], "utf-8")


def gone(model):
    model.unlink()


@pytest.mark.parametrize(
    "harm", [truncated, emptied, exchanged, changed, card_of_another, card_damaged, gone]
)
def test_it_is_refused_with_a_reason_and_the_journal_stays_as_it_is(tmp_path, harm):
    model = tmp_path / "model.tflite"
    for ending in (".tflite", ".json"):
        shutil.copy(MODELS / f"postcode{ending}", model.with_suffix(ending))
    harm(model)
    kiosk = Kiosk(tmp_path / "data", "--model", model)
    until(lambda: not kiosk.is_running, "it ends")
    assert kiosk.process.returncode == 1
    (line,) = kiosk.said.splitlines()
    assert line.startswith("fivebox: ")
    assert "model" in line
    print(line.replace(str(tmp_path), "…"))
    assert not (tmp_path / "data").exists()
