"""Whose packages are trusted: Ed25519 keys, a file each in one folder."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.errors import PackageMissingError, UpdateError
from edge.update.package import SIGNED

TRUSTED = Path("/etc/fivebox/trusted")
"""Where the public keys lie, `NAME.pem`."""


def _cryptography(module: str) -> Any:
    try:
        return importlib.import_module(f"cryptography.{module}")
    except ImportError as error:
        raise PackageMissingError(
            "signatures are checked with the package cryptography, which is not installed; run: "
            "pip install 'fivebox[update]'"
        ) from error


def load_keys(folder: Path) -> Mapping[str, Any]:
    """Return the public keys in a folder by the names of their files.

    Args:
        folder: with Ed25519 keys in PEM (RFC 8410), named `*.pem`.

    Raises:
        UpdateError: there is none, or a file is no such key.
        PackageMissingError: cryptography is not installed.
    """
    try:
        contents = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.pem"))}
    except OSError as error:
        raise UpdateError(f"{folder}: keys can't be read ({error.strerror})") from error
    if not contents:
        raise UpdateError(
            f"{folder}: no public key is there, so no package is trusted; put the maker's there "
            "as NAME.pem"
        )
    return {name: _public(content, folder / f"{name}.pem") for name, content in contents.items()}


def signer_of(keys: Mapping[str, Any], signed: bytes, signature: bytes) -> str:
    """Return the name of the key that a package was signed with.

    Args:
        keys: of `load_keys`.
        signed: the package's update.json.
        signature: 64 bytes.

    Raises:
        UpdateError: none of them did, or it is not signed.
    """
    if not signature:
        raise UpdateError("the package is not signed; ask its maker for a signed one")
    invalid = _cryptography("exceptions").InvalidSignature
    for name, key in keys.items():
        try:
            key.verify(signature, SIGNED + signed)
        except invalid:
            continue
        return name
    raise UpdateError(
        f"the package was signed with none of the trusted keys ({', '.join(keys)}), or changed "
        "afterwards; take it from its maker again"
    )


def sign(pem: bytes, signed: bytes) -> bytes:
    """Return the signature of an update.json.

    Args:
        pem: an Ed25519 private key (PKCS 8), not encrypted.
        signed: the content of update.json.

    Raises:
        UpdateError: it is no such key.
    """
    serialization = _cryptography("hazmat.primitives.serialization")
    ed25519 = _cryptography("hazmat.primitives.asymmetric.ed25519")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise UpdateError("the key is no private key in PEM without a password") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UpdateError(
            "the key is none of Ed25519; make one: openssl genpkey -algorithm ed25519"
        )
    signature: bytes = key.sign(SIGNED + signed)
    return signature


def _public(content: bytes, path: Path) -> Any:
    serialization = _cryptography("hazmat.primitives.serialization")
    ed25519 = _cryptography("hazmat.primitives.asymmetric.ed25519")
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError as error:
        raise UpdateError(f"{path}: no public key in PEM; mend or remove it") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UpdateError(f"{path}: a key, but none of Ed25519; remove it")
    return key
