"""The file that stands in for the network: what is in it decides, before anything is changed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKER = ROOT / "scripts/make-bundle"


def refused(ran, *words: str) -> None:
    assert ran.code == 1
    (line,) = [line for line in ran.error.splitlines() if line.startswith("install.sh: ")]
    for word in words:
        assert word in line


class Bundle:
    """A small one, that can be spoiled."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder / "content", folder / "fivebox.tar"
        for name in ("pip-26.3-py3-none-any", "fivebox-0.1.0-py3-none-any", "numpy-2.2.4-cp313"):
            self.write(f"wheels/{name}.whl", name)
        self.about()
        shutil.copytree(ROOT / "deploy", self.folder / "deploy")
        self.sum()

    def about(self, arch: str = "aarch64", python: str = "3.13") -> None:
        self.write("about", f"version=0.1.0\narch={arch}\npython={python}\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def sum(self) -> None:
        names = sorted(
            path.relative_to(self.folder)
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != "SHA256SUMS"
        )
        lines = (
            f"{hashlib.sha256((self.folder / name).read_bytes()).hexdigest()}  ./{name}\n"
            for name in names
        )
        self.write("SHA256SUMS", "".join(lines))

    def pack(self) -> str:
        with tarfile.open(self.path, "w") as tar:
            tar.add(self.folder, ".")
        return str(self.path)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path / "bundle")


def test_without_a_network_all_comes_from_the_bundle(machine, bundle: Bundle) -> None:
    ran = machine.install("--no-screen", "--offline", bundle.pack())
    assert ran.code == 0, ran.error
    calls = machine.calls()
    assert not any(call.startswith("apt-get") for call in calls)
    pips = [call for call in calls if "/pip install" in call or "-m pip" in call]
    assert len(pips) == 2
    assert all("--no-index --find-links" in call for call in pips)
    assert any(call.endswith("fivebox-0.1.0-py3-none-any.whl") for call in pips)
    (made,) = [call for call in calls if " -m venv " in call]
    assert "--without-pip" in made, "Debian's Python comes without one"


def test_the_installer_runs_out_of_the_unpacked_bundle(machine, bundle: Bundle) -> None:
    packed = bundle.pack()
    installer = bundle.folder / "deploy/install.sh"
    ran = machine.install("--no-screen", "--offline", packed, installer=installer)
    assert ran.code == 0, ran.error
    refused(machine.install("--no-screen", installer=installer), "--offline BUNDLE")


def test_what_apt_would_have_given_is_told(machine, bundle: Bundle) -> None:
    ran = machine.install("--no-screen", "--offline", bundle.pack())
    assert "left out without a network: python3 python3-venv python3-numpy" in ran.out


@pytest.mark.parametrize("dry", [False, True])
def test_a_changed_file_is_refused_before_anything_is_changed(
    machine, bundle: Bundle, dry: bool
) -> None:
    bundle.write("wheels/numpy-2.2.4-cp313.whl", "something else")
    arguments = ["--offline", bundle.pack(), *(["--dry-run"] if dry else [])]
    before = machine.files()
    refused(machine.install(*arguments), "checksums", "copy it again")
    assert machine.files() == before
    assert machine.calls() == []


def test_a_missing_file_is_refused(machine, bundle: Bundle) -> None:
    (bundle.folder / "wheels/numpy-2.2.4-cp313.whl").unlink()
    refused(machine.install("--offline", bundle.pack()), "checksums")


def test_a_file_that_was_put_in_is_refused(machine, bundle: Bundle) -> None:
    bundle.write("wheels/numpy-9.9.9-cp313.whl", "a stranger's")
    refused(machine.install("--offline", bundle.pack()), "checksums don't name")
    (bundle.folder / "wheels/numpy-9.9.9-cp313.whl").unlink()
    (bundle.folder / "wheels/numpy-9.9.9-cp313.whl").symlink_to("/etc/passwd")
    refused(machine.install("--offline", bundle.pack()), "checksums don't name")


def test_a_truncated_copy_is_refused(machine, bundle: Bundle) -> None:
    packed = Path(bundle.pack())
    content = packed.read_bytes()
    for share in (0.0, 0.3, 0.6):
        packed.write_bytes(content[: int(len(content) * share)])
        refused(machine.install("--offline", str(packed)), str(packed))
    packed.write_bytes(b"not a bundle" * 100)
    refused(machine.install("--offline", str(packed)), "copy it again")
    packed.unlink()
    refused(machine.install("--offline", str(packed)), "no such file")
    assert machine.calls() == []


def test_nothing_is_written_outside_of_the_place_where_it_is_unpacked(
    machine, bundle: Bundle, tmp_path: Path
) -> None:
    with tarfile.open(bundle.pack(), "a") as tar:
        entry = tarfile.TarInfo("../../../../../../../../../" + str(tmp_path / "escaped")[1:])
        tar.addfile(entry)
        tar.addfile(tarfile.TarInfo(str(tmp_path / "absolute")))
    assert machine.install("--offline", str(bundle.path)).code == 1
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "absolute").exists()


def test_a_bundle_for_another_machine_is_refused_and_the_right_one_named(
    machine, bundle: Bundle
) -> None:
    bundle.about(arch="x86_64")
    bundle.sum()
    refused(machine.install("--offline", bundle.pack()), "x86_64", "make bundle ARCH=aarch64")
    bundle.about(python="3.11")
    bundle.sum()
    refused(
        machine.install("--offline", bundle.pack()),
        "Python 3.11",
        "make bundle ARCH=aarch64 PYTHON=3.13",
    )
    assert not (machine.root / "opt").exists()


@pytest.mark.parametrize(
    ("arch", "version", "word"), [("armv7l", "3.13", "aarch64"), ("aarch64", "3.12", "3.13")]
)
def test_no_bundle_is_made_for_what_the_installer_would_refuse(
    tmp_path: Path, arch: str, version: str, word: str
) -> None:
    ended = subprocess.run(
        [str(MAKER), "python3", arch, version, str(tmp_path / "dist")],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert word in ended.stderr
    assert not (tmp_path / "dist").exists()
