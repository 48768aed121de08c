"""A package taken apart: what is damaged, changed or no package is refused in a sentence."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.card import sha256_of
from edge.errors import UpdateError
from edge.update.package import Package, Update, parse, unpack


def small(**changed: bytes) -> bytes:
    """A package of a few bytes; with some parts replaced, and None for left out."""
    model, card = b"model", b"card"
    update = Update("postcode", 3, sha256_of(model), sha256_of(card)).to_bytes()
    parts = {
        "update.json": update,
        "model.tflite": model,
        "card.json": card,
        "signature": bytes(64),
    }
    parts.update({name.replace("__", "."): content for name, content in changed.items()})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)
    return out.getvalue()


def test_a_package_comes_back_as_it_was_made() -> None:
    package = unpack(small())
    assert package.update == Update("postcode", 3, sha256_of(b"model"), sha256_of(b"card"))
    assert (package.model, package.card, package.signature) == (b"model", b"card", bytes(64))
    assert unpack(package.to_bytes()) == package
    assert package.to_bytes() == Package(**package.__dict__).to_bytes()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"model__tflite": b"other"}, "the model in the package was changed"),
        ({"card__json": b"other"}, "the card in the package was changed"),
        ({"signature": None}, "damaged"),
        ({"update__json": b"{}"}, r"update\.json can't be read"),
        ({"update__json": b"\xff"}, r"update\.json can't be read"),
        ({"evil__py": b"import os"}, r"'evil\.py', which belongs into none"),
        ({"card__json": b"x" * 1_000_001}, "damaged"),
    ],
)
def test_what_is_wrong_is_told(parts: dict[str, bytes], words: str) -> None:
    with pytest.raises(UpdateError, match=words):
        unpack(small(**parts))


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 0},
        {"version": True},
        {"version": "3"},
        {"version": 1 << 60},
        {"name": "../../etc/passwd"},
        {"name": "a/b"},
        {"name": ""},
        {"name": 5},
        {"model_sha256": "0" * 63},
        {"model_sha256": "../" + "0" * 61},
        {"card_sha256": None},
        {"format": 2},
        {"unknown": 1},
    ],
)
def test_nonsense_in_update_json_is_refused(changed: dict[str, object]) -> None:
    good = {"name": "postcode", "version": 3, "model_sha256": "0" * 64, "card_sha256": "1" * 64}
    assert parse(json.dumps(good).encode()).version == 3
    with pytest.raises(UpdateError):
        parse(json.dumps(good | changed).encode())


def test_a_part_that_unpacks_to_more_than_allowed_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("model.tflite", "card.json", "signature"):
            archive.writestr(name, b"")
        archive.writestr("update.json", b" " * 50_000_000)
    assert len(out.getvalue()) < 100_000
    with pytest.raises(UpdateError):
        unpack(out.getvalue())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_byte_gets_through(data: st.DataObject) -> None:
    content = bytearray(small())
    whole = unpack(bytes(content))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        package = unpack(bytes(content))
    except UpdateError:
        return
    # A zip has bytes that nobody reads, as its times; what is read is what it was.
    assert package == whole


@given(st.binary(max_size=300))
def test_other_bytes_are_no_package(content: bytes) -> None:
    with pytest.raises(UpdateError):
        unpack(content)
