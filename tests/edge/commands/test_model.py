"""`fivebox model` as a person calls it: pack, install, list, roll back."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.classifier import BUNDLED_MODEL
from edge.cli import main


@pytest.fixture
def kiosk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, keys and a package of version 2."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "private.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted/maker.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    (tmp_path / "fivebox.toml").write_text(f'[journal]\nfolder = "{tmp_path / "data"}"\n')
    monkeypatch.setenv("FIVEBOX_CONFIG", str(tmp_path / "fivebox.toml"))
    assert pack(tmp_path, 2) == 0
    return tmp_path


def pack(folder: Path, version: int, key: str = "private.pem") -> int:
    out = str(folder / f"v{version}.fivebox")
    command = ["model", "pack", str(BUNDLED_MODEL), "--version", str(version), "--out", out]
    return main([*command, "--key", str(folder / key)])


def install(folder: Path, version: int, *more: str) -> int:
    package = str(folder / f"v{version}.fivebox")
    trusted = str(folder / "trusted")
    return main(["model", "install", package, "--trusted", trusted, "--no-restart", *more])


def test_a_package_is_installed_listed_and_taken_back(
    kiosk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["bundled", "in", "force"]
    assert install(kiosk, 2) == 0
    out = capsys.readouterr().out
    assert "signed by maker" in out
    assert "no check set" in out
    main(["model", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2-")
    assert lines[0].endswith("in force")
    assert lines[1].split() == ["bundled", "before", "it"]
    assert main(["model", "rollback", "--no-restart"]) == 0
    assert "the bundled model is in force" in capsys.readouterr().out


def test_its_own_check_set_is_read(kiosk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check = kiosk / "data/check"
    check.mkdir(parents=True)
    sample = Path(__file__).parents[3] / "samples/touch-stylus.json"
    (check / "a.json").write_bytes(sample.read_bytes())
    (check / "labels.csv").write_text("file,postcode\na.json,03187\n")
    assert install(kiosk, 2) == 0
    assert "5 of 5 digits right" in capsys.readouterr().out


@pytest.mark.parametrize("spoil", ["key", "version", "bytes"])
def test_what_is_refused_is_one_line_and_changes_nothing(
    kiosk: Path, capsys: pytest.CaptureFixture[str], spoil: str
) -> None:
    assert install(kiosk, 2) == 0
    if spoil == "key":
        pack(kiosk, 3)
        (kiosk / "trusted/maker.pem").unlink()
    elif spoil == "version":
        pack(kiosk, 1)
    else:
        pack(kiosk, 3)
        (kiosk / "v3.fivebox").write_bytes((kiosk / "v3.fivebox").read_bytes()[:5000])
    capsys.readouterr()
    assert install(kiosk, 1 if spoil == "version" else 3) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith("fivebox: ")
    main(["model", "list"])
    assert capsys.readouterr().out.startswith("2-")


def test_a_model_without_its_card_or_key_is_not_packed(
    kiosk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pack(kiosk, 4, key="none.pem") == 1
    assert "none.pem" in capsys.readouterr().err
    assert pack(kiosk, 0) == 1
    assert not (kiosk / "v4.fivebox").exists()
    assert not (kiosk / "v0.fivebox").exists()


def test_a_model_that_the_settings_name_is_told(
    kiosk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (kiosk / "fivebox.toml").open("a") as file:
        file.write(f'[reader]\nmodel = "{BUNDLED_MODEL}"\n')
    assert main(["model", "list"]) == 0
    assert "reader.model" in capsys.readouterr().err
