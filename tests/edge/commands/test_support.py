from __future__ import annotations

import tarfile

import pytest

from edge.cli import main
from edge.doctor import examine
from edge.doctor.finding import ok


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """Take the doctor's processes and this machine's settings away."""
    monkeypatch.setattr(examine, "examine", lambda *_, **__: iter([ok("disk", "fine")]))
    path = tmp_path / "set.toml"
    path.write_text("[kiosk]\nport = 1\n")
    monkeypatch.setenv("FIVEBOX_CONFIG", str(path))
    return path


def test_one_file_is_written_that_only_its_owner_reads(tmp_path, capsys):
    out = tmp_path / "new" / "s.tar.gz"
    assert main(["support", "--out", str(out)]) == 0
    assert "look into it before you send it" in capsys.readouterr().out
    assert out.stat().st_mode & 0o777 == 0o600
    assert list(out.parent.iterdir()) == [out]
    with tarfile.open(out) as archive:
        names = archive.getnames()
    assert len(names) == 10
    assert all(name.startswith("fivebox-support-2") for name in names)


def test_without_a_name_it_is_written_here(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["support"]) == 0
    (written,) = (tmp_path / "here").iterdir()
    assert written.name.startswith("fivebox-support-2")
    assert written.name.endswith(".tar.gz")


def test_settings_that_can_not_be_used_do_not_keep_it_from_being_written(tmp_path, quick):
    quick.write_text("[kiosk]\nprot = 1\n")
    out = tmp_path / "s.tar.gz"
    assert main(["support", "--out", str(out)]) == 0
    with tarfile.open(out) as archive:
        (name,) = (name for name in archive.getnames() if name.endswith("settings.txt"))
        text = archive.extractfile(name).read().decode()
    assert "line 2: unknown setting 'prot'" in text


def test_a_place_that_can_not_be_written_to_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["support", "--out", str(tmp_path / "file" / "s.tar.gz")]) == 1
    error = capsys.readouterr().err
    assert "can't be written" in error
    assert error.count("\n") == 1
