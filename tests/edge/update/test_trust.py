"""Only who is trusted is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.errors import PackageMissingError, UpdateError
from edge.update import trust
from edge.update.trust import load_keys, sign, signer_of


def test_the_signer_is_named(maker, trusted: Path) -> None:
    assert signer_of(load_keys(trusted), b"words", sign(maker.private, b"words")) == "post-office"


def test_a_strangers_signature_and_changed_words_are_refused(maker, stranger, trusted) -> None:
    keys = load_keys(trusted)
    with pytest.raises(UpdateError, match="none of the trusted keys"):
        signer_of(keys, b"words", sign(stranger.private, b"words"))
    with pytest.raises(UpdateError, match="none of the trusted keys"):
        signer_of(keys, b"other words", sign(maker.private, b"words"))
    with pytest.raises(UpdateError, match="not signed"):
        signer_of(keys, b"words", b"")
    with pytest.raises(UpdateError, match="none of the trusted keys"):
        signer_of(keys, b"words", b"short")


def test_a_signature_of_something_else_is_none_of_an_update(maker, trusted) -> None:
    key = serialization.load_pem_private_key(maker.private, None)
    with pytest.raises(UpdateError):
        signer_of(load_keys(trusted), b"words", key.sign(b"words"))


def test_any_of_several_keys_may_have_signed(maker, stranger, trusted: Path) -> None:
    (trusted / "a-new-one.pem").write_bytes(stranger.public)
    keys = load_keys(trusted)
    assert signer_of(keys, b"x", sign(stranger.private, b"x")) == "a-new-one"
    assert signer_of(keys, b"x", sign(maker.private, b"x")) == "post-office"


def test_without_keys_nobody_is_trusted(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UpdateError, match="no public key"):
            load_keys(folder)


def test_what_is_no_key_is_named(trusted: Path) -> None:
    (trusted / "broken.pem").write_text("no key")
    with pytest.raises(UpdateError, match=r"broken\.pem"):
        load_keys(trusted)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    (trusted / "broken.pem").write_bytes(
        other.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    with pytest.raises(UpdateError, match="Ed25519"):
        load_keys(trusted)


def test_a_key_that_cannot_sign_is_refused(maker) -> None:
    with pytest.raises(UpdateError, match="private key"):
        sign(maker.public, b"x")


def test_without_cryptography_its_package_is_named(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(trust.importlib, "import_module", missing)
    with pytest.raises(PackageMissingError, match=r"fivebox\[update\]"):
        load_keys(trusted)
