"""Keys, a folder of trusted ones, and packages of the bundled model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.card import sha256_of
from edge.classifier import BUNDLED_MODEL
from edge.doctor.sample import POSTCODE
from edge.update.package import Package, Update
from edge.update.trial import Trial
from edge.update.trust import sign


@dataclass(frozen=True)
class Maker:
    """Who publishes models."""

    private: bytes
    public: bytes

    def package(self, version: int, model: bytes | None = None, card: bytes | None = None) -> bytes:
        model, card = model or _model(), card or _card()
        update = Update("postcode", version, sha256_of(model), sha256_of(card))
        signed = update.to_bytes()
        return Package(update, signed, model, card, sign(self.private, signed)).to_bytes()


@cache
def _model() -> bytes:
    return BUNDLED_MODEL.read_bytes()


@cache
def _card() -> bytes:
    return BUNDLED_MODEL.with_suffix(".json").read_bytes()


def make() -> Maker:
    key = Ed25519PrivateKey.generate()
    return Maker(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )


@pytest.fixture(scope="session")
def maker() -> Maker:
    return make()


@pytest.fixture(scope="session")
def stranger() -> Maker:
    return make()


@pytest.fixture
def trusted(tmp_path: Path, maker: Maker) -> Path:
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "post-office.pem").write_bytes(maker.public)
    return folder


@pytest.fixture
def reads_well() -> Callable[[Path], Trial]:
    return lambda model: Trial(500, 2, POSTCODE)
