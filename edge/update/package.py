"""The package of a model's update: one zip file with model, card, what they are, and a signature.

update.json   format, name, version, SHA-256 of model and card; what is signed
model.tflite
card.json
signature     Ed25519 (RFC 8032) over `SIGNED` and update.json, 64 bytes
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass

from edge.card import sha256_of
from edge.errors import UpdateError

FORMAT = 1
SIGNED = b"fivebox model update 1\n"
"""Signed before update.json, so that a signature of something else is none here."""
MOST_BYTES = 64_000_000
"""A package and all that it unpacks to is smaller."""
SIGNATURE_BYTES = 64

_NAMES = ("update.json", "model.tflite", "card.json", "signature")
_MOST_SMALL = 1_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Update:
    """What a package says of itself, under its signature."""

    name: str
    """Of the model, for example `postcode`."""
    version: int
    """From 1 on; a later one is larger."""
    model_sha256: str
    card_sha256: str
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        """Return the content of update.json."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @property
    def folder(self) -> str:
        """A name that no other update has."""
        return f"{self.version}-{self.model_sha256[:12]}"


@dataclass(frozen=True)
class Package:
    """A package, unpacked; that it is signed is not known yet."""

    update: Update
    update_bytes: bytes
    """As they were signed."""
    model: bytes
    card: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        """Return the package's file; the same for the same content."""
        out = io.BytesIO()
        parts = (self.update_bytes, self.model, self.card, self.signature)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in zip(_NAMES, parts, strict=True):
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return out.getvalue()


def unpack(content: bytes) -> Package:
    """Take a package apart and compare its parts with the hashes in it.

    Args:
        content: of its file.

    Raises:
        UpdateError: it is no package, damaged, or its parts don't belong together.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [_part(archive, name) for name in _NAMES]
            strange = sorted({*archive.namelist()} - {*_NAMES})
    except (zipfile.BadZipFile, KeyError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise UpdateError("not a model's package, or a damaged one; copy it again") from error
    except NotImplementedError as error:
        # So zipfile says that it does not know a member's compression or encryption.
        raise UpdateError("the package is compressed in an unknown way; make it again") from error
    if strange:
        raise UpdateError(f"the package holds {strange[0]!r}, which belongs into none")
    update_bytes, model, card, signature = parts
    update = parse(update_bytes)
    for what, data, wanted in (
        ("model", model, update.model_sha256),
        ("card", card, update.card_sha256),
    ):
        if sha256_of(data) != wanted:
            raise UpdateError(f"the {what} in the package was changed or damaged; copy it again")
    return Package(update, update_bytes, model, card, signature)


def parse(content: bytes) -> Update:
    """Read an update.json.

    Raises:
        UpdateError: it is none.
    """
    try:
        fields = json.loads(content)
        update = Update(**fields)
    except (ValueError, TypeError, RecursionError) as error:
        raise UpdateError("the package's update.json can't be read; make it again") from error
    if update.format != FORMAT:
        raise UpdateError(
            f"the package is of format {update.format!r}, and this program knows {FORMAT}; "
            "update fivebox first"
        )
    texts = (update.name, update.model_sha256, update.card_sha256)
    is_version = type(update.version) is int and 1 <= update.version < 1 << 53
    patterns = (_NAME, _SHA256, _SHA256)
    if not is_version or not all(
        isinstance(text, str) and pattern.fullmatch(text)
        for text, pattern in zip(texts, patterns, strict=True)
    ):
        raise UpdateError("the package's update.json says nonsense; make it again")
    return update


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    entry = archive.getinfo(name)
    most = MOST_BYTES if name == "model.tflite" else _MOST_SMALL
    # What an entry says of its own size may be a lie: one byte more than allowed is read.
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{name} is too large")
    return content
