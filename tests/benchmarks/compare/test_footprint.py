from __future__ import annotations

import ctypes
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, PathDistribution

import pytest

from benchmarks.compare import footprint
from tests.conftest import ROOT


@pytest.fixture
def installed(tmp_path):
    """Return a function that installs a package of a size, and one that finds it."""

    def install(name, size, *requires):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n{needs}")
        (tmp_path / f"{name}.py").write_bytes(b"#" * size)
        (tmp_path / f"{name}.pyc").write_bytes(b"#" * 10_000)
        (info / "RECORD").write_text(f"{name}.py,,\n{name}.pyc,,\n{name}.gone,,\n")

    def find(name):
        info = tmp_path / f"{name}-1.0.dist-info"
        if not info.is_dir():
            raise PackageNotFoundError(name)
        return PathDistribution(info)

    return install, find


def test_packages_count_with_all_that_they_need_and_each_once(installed):
    install, find = installed
    install("one", 100, "two>=1", "three")
    install("two", 20, "three")
    install("three", 3, "one")
    assert footprint.packages_bytes(["one", "three"], find) == 123


def test_extras_count_where_they_are_asked_for(installed):
    install, find = installed
    install("one", 100, 'two; extra == "more"', 'three; python_version < "3"')
    install("two", 20)
    install("three", 3)
    assert footprint.packages_bytes(["one"], find) == 100
    assert footprint.packages_bytes(["one[more]"], find) == 120
    assert footprint.packages_bytes(["one", "one[more]"], find) == 120


def test_what_somebody_did_without_counts_nothing_but_a_root_must_be_there(installed):
    install, find = installed
    install("one", 100, "gone")
    assert footprint.packages_bytes(["one"], find) == 100
    with pytest.raises(PackageNotFoundError):
        footprint.packages_bytes(["gone"], find)


def test_a_folder_counts_without_what_python_compiled(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.py").write_bytes(b"12345")
    (tmp_path / "a.pyc").write_bytes(b"12345678")
    assert footprint.folder_bytes(tmp_path) == 5


def test_a_library_counts_with_those_that_it_needs_but_not_with_c():
    ctypes.CDLL("libm.so.6")
    with pytest.raises(FileNotFoundError, match="libnowhere"):
        footprint.libraries_bytes("libnowhere.")
    import cv2

    assert cv2.__file__
    size = footprint.libraries_bytes("cv2.")
    assert size > 10_000_000


def test_the_peak_stays_where_memory_was_given_back():
    program = (
        "from benchmarks.compare.footprint import peak_bytes\n"
        "before = peak_bytes()\n"
        "some = bytearray(b'1') * 80_000_000\n"
        "del some\n"
        "print(before, peak_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    before, after = map(int, done.stdout.split())
    assert before < 40e6
    assert 75e6 < after - before < 95e6
