"""Disks of a test's own, which root can mount: small ones that fill up, cards that break."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_PATIENCE_S = 10.0


@contextlib.contextmanager
def small(folder: Path, size: str = "1m") -> Iterator[Path]:
    """Make a folder with a disk in memory, of so many bytes as `mount` names them; or skip."""
    _need_root()
    folder.mkdir()
    _mount_or_skip("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, how: str) -> None:
    """Let a disk be `ro` or `rw`; `ro` is refused while a file on it is open to be written."""
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


def fill(folder: Path) -> Path:
    """Write until a disk is full, and return the file that fills it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
    return filler


class Card:
    """A disk with ext4, which turns read-only under open files when it finds itself damaged.

    Args:
        folder: is made, and the disk is there.
        image: is made, and holds what is on it.
    """

    def __init__(self, folder: Path, image: Path) -> None:
        _need_root()
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("mkfs.ext4 is missing (Debian's package e2fsprogs)")
        self.folder, self._image = folder, image
        with image.open("wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        folder.mkdir()
        self._mount()

    def fail(self) -> None:
        """Let the kernel find an error, and heed `errors=remount-ro` as it does then."""
        device = subprocess.run(
            ["findmnt", "-n", "-o", "SOURCE", self.folder],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        if not os.access(trigger, os.W_OK):
            pytest.skip(f"{trigger} can't be written to, so no error can be made")
        trigger.write_text("1")
        assert not self._can_be_written_to()

    def mend(self) -> None:
        """Make it writable: newer kernels insist that it is mounted afresh."""
        subprocess.run(["mount", "-o", "remount,rw", self.folder], capture_output=True)
        if self._can_be_written_to():
            return
        deadline = time.monotonic() + _PATIENCE_S
        # Whoever tries to open something on it just now holds it for a moment.
        while subprocess.run(["umount", self.folder], capture_output=True).returncode:
            assert time.monotonic() < deadline, "somebody has a file open on it"
            time.sleep(0.01)
        self._mount()
        assert self._can_be_written_to()

    def __enter__(self) -> Card:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _mount(self) -> None:
        _mount_or_skip("-t", "ext4", "-o", "loop,errors=remount-ro", self._image, self.folder)

    def _can_be_written_to(self) -> bool:
        probe = self.folder / "probe"
        try:
            probe.touch()
        except OSError:
            return False
        probe.unlink()
        return True


def _need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")


def _mount_or_skip(*words: str | Path) -> None:
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command")
    mounted = subprocess.run(["mount", *words], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a disk can't be mounted here: {mounted.stderr.strip()}")
