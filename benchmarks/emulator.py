"""An arm64 board under qemu-user that counts its instructions; needs neither root nor a board."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent / "arm64"
_QEMU = "qemu-aarch64"
_TIMEOUT_S = 600
# As the plugin prints it.
_COUNT = re.compile(r"^instructions (\d+)$", re.MULTILINE)
# The first version of qemu's that no longer loads plugins of the interface's version 1.
_NEWER = 9


class EmulatorError(Exception):
    """Something that is needed is not here, or the guest failed; the message is one sentence."""


@dataclass(frozen=True)
class Core:
    """A processor's core as its kernel describes it: XNNPACK chooses its kernels by that."""

    board: str
    cpu: str
    """As qemu calls it."""
    part: int
    """Of the main identification register (Arm's reference manual of the core)."""
    variant: int
    features: str
    """As Linux names them in `/proc/cpuinfo`."""

    @property
    def name(self) -> str:
        """Return its name and the board's, as the table has it."""
        return f"{self.cpu.title()} ({self.board})"


# The tables of features must be the core's own: with an A72 that claims the A76's the runtime
# takes kernels with instructions that it does not have.
CORES = (
    Core("Raspberry Pi 5", "cortex-a76", 0xD0B, 4, "fp asimd evtstrm aes pmull sha1 sha2 crc32 "
         "atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"),
    Core("Raspberry Pi 4", "cortex-a72", 0xD08, 0, "fp asimd evtstrm crc32 cpuid"),
)  # fmt: skip


@dataclass(frozen=True)
class Emulator:
    """What `prepare` has made."""

    plugin: Path
    python: Path
    packages: Path
    prefixes: Path
    """A folder for the file systems that the guests see."""

    def count(self, core: Core, script: Path, arguments: Sequence[str]) -> int:
        """Run a Python script on a core; return how many instructions it took in all.

        Raises:
            EmulatorError: it failed.
        """
        environment = {
            "HOME": "/", "PATH": "/usr/bin", "LANG": "C.UTF-8", "QEMU_CPU": core.cpu,
            "PYTHONPATH": str(self.packages), "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            # Two runs must differ by what is measured alone.
            "PYTHONHASHSEED": "0",
        }  # fmt: skip
        command = [_QEMU, "-L", str(self._prefix(core)), "-plugin", str(self.plugin),
                   str(self.python), str(script), *arguments]  # fmt: skip
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S,
                executable=shutil.which(_QEMU),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise EmulatorError(
                f"{core.name}: {script.name} took longer than {_TIMEOUT_S} s under qemu"
            ) from error
        found = _COUNT.findall(done.stderr)
        if done.returncode or not found:
            words = _COUNT.sub("", done.stderr).strip()
            lines = words.splitlines() or [f"exit code {done.returncode}"]
            raise EmulatorError(f"{core.name}: {script.name} failed under qemu ({lines[-1]})")
        return int(found[-1])

    def _prefix(self, core: Core) -> Path:
        """Return a root folder for qemu: the system's own libraries, and the core's files."""
        prefix = self.prefixes / core.cpu
        if prefix.exists():
            return prefix
        root = self.python.parents[2]
        cpus = prefix / "sys/devices/system/cpu"
        for name in ("cpu0/regs/identification", "cpu0/cpufreq"):
            (cpus / name).mkdir(parents=True)
        for name in ("possible", "present", "online"):
            (cpus / name).write_text("0\n")
        identification = 0x410F0000 | core.variant << 20 | core.part << 4
        (cpus / "cpu0/regs/identification/midr_el1").write_text(f"{identification:#018x}\n")
        (cpus / "cpu0/cpufreq/cpuinfo_max_freq").write_text("1800000\n")
        (prefix / "proc").mkdir()
        (prefix / "proc/cpuinfo").write_text(
            f"processor\t: 0\nFeatures\t: {core.features}\nCPU implementer\t: 0x41\n"
            f"CPU architecture: 8\nCPU variant\t: {core.variant:#x}\nCPU part\t: {core.part:#x}\n"
            "CPU revision\t: 0\n"
        )
        for name in ("usr", "etc"):
            (prefix / name).symlink_to(root / name)
        for name in ("lib", "bin"):
            (prefix / name).symlink_to(root / "usr" / name)
        return prefix


def prepare(root: Path, work: Path, runtime: str | None) -> Emulator:
    """Look for all that is needed, build the plugin and fetch the guest's packages.

    Args:
        root: an arm64 system with Python, as `scripts/arm64/make-root` makes it.
        work: a folder of our own.
        runtime: the packages that the guest needs, as pip is told; None where it needs none.

    Raises:
        EmulatorError: something is missing.
    """
    for tool, package in ((_QEMU, "qemu-user"), ("cc", "gcc")):
        if shutil.which(tool) is None:
            raise EmulatorError(f"{tool} is not here; install {package}")
    pythons = sorted((root / "usr/bin").glob("python3.[0-9]*[0-9]"))
    # The mark is set when the system is whole.
    if not pythons or not (root / ".ready").exists():
        raise EmulatorError(
            f"{root}: no arm64 system with Python is there; make one with: "
            f"scripts/arm64/make-root trixie {root} (as root, takes minutes), or name one with "
            "--root"
        )
    python = pythons[-1].resolve()
    plugin = _build(work / "count.so")
    packages = work / "packages"
    if runtime:
        _fetch(packages, python.name.removeprefix("python"), runtime)
    return Emulator(plugin, python, packages, work / "prefixes")


def _build(target: Path) -> Path:
    told = subprocess.run([_QEMU, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"version (\d+)", told)
    interface = 2 if number and int(number[1]) >= _NEWER else 1
    command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", f"-DVERSION={interface}",
               "-o", str(target), str(_HERE / "count.c")]  # fmt: skip
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        lines = built.stderr.strip().splitlines() or ["cc failed"]
        raise EmulatorError(f"count.c: can't be built ({lines[-1]})")
    looked = subprocess.run([_QEMU, "--help"], capture_output=True, text=True).stdout
    if "-plugin" not in looked:
        raise EmulatorError(
            f"{shutil.which(_QEMU)}: takes no plugins; install Debian's qemu-user rather than "
            "qemu-user-static"
        )
    return target


def _fetch(folder: Path, version: str, runtime: str) -> None:
    abi = "cp" + version.replace(".", "")
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in (17, 27, 28)] + [
        "manylinux2014_aarch64"
    ]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps",
               "--disable-pip-version-check", "--root-user-action=ignore",
               "--only-binary=:all:", "--implementation", "cp",
               "--python-version", version, "--target", str(folder),
               *(word for name in (abi, "abi3", "none") for word in ("--abi", name)),
               *(word for name in platforms for word in ("--platform", name)),
               *runtime.split()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ})
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise EmulatorError(
            f"{runtime}: pip has no packages of it for arm64 with Python {version} "
            f"({(lines or ['no reason given'])[-1]})"
        )
