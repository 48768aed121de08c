from __future__ import annotations

import json

import pytest

from edge.doctor.child import Ended
from edge.doctor.packages import Packages, as_packages, check_packages, look


def packages(numpy="2.2.4", cv2="4.10.0", litert="2.3.0", **others):
    versions = {"numpy": numpy, "cv2": cv2, "ai_edge_litert": litert, **others}
    return Packages({name: version for name, version in versions.items() if version})


@pytest.mark.parametrize(
    ("numpy", "cv2"),
    [
        ("1.26.4", "4.11.0"), ("2.2.4", "4.10.0"), ("2.4.6", "4.11.0"), ("2.2.6", "4.12.0"),
        ("2.4.6", "4.13.0"), ("2.5.5", "4.14.0"), ("2.0.0rc1", "4.13.0-dev"),
    ],
)  # fmt: skip
def test_packages_that_were_run_together_are_well(numpy, cv2):
    found = check_packages(packages(numpy, cv2))
    assert found.state == "ok"
    assert found.message == f"numpy {numpy}, OpenCV {cv2}, ai_edge_litert 2.3.0"


@pytest.mark.parametrize(
    ("numpy", "cv2", "mend"),
    [
        ("1.24.0", "4.10.0", "numpy>=1.26"),
        ("1.26.4", "4.12.0", "numpy>=2,<2.3"),
        ("2.3.0", "4.12.0", "numpy>=2,<2.3"),
        ("1.26.4", "4.13.0", "numpy>=2"),
    ],
)
def test_an_opencv_for_another_numpy_fails(numpy, cv2, mend):
    found = check_packages(packages(numpy, cv2))
    assert found.state == "fail"
    assert mend in found.mend


def test_opencv_5_is_a_warning():
    assert check_packages(packages(cv2="5.0.0")).state == "warn"


def test_the_old_runtime_wants_the_old_numpy():
    assert check_packages(packages("1.26.4", litert="", tflite_runtime="2.14.0")).state == "ok"
    found = check_packages(packages("2.2.4", litert="", tflite_runtime="2.14.0"))
    assert found.state == "fail"
    assert "numpy<2" in found.mend


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Packages({}, {"numpy": "not installed"}), "numpy can't be imported (not installed)"),
        (
            Packages({"numpy": "2.2.4"}, {"cv2": "libGL.so.1: cannot open shared object file"}),
            "cv2 can't be imported (libGL.so.1",
        ),
        (
            Packages(
                {"numpy": "2.2.4", "cv2": "4.10.0"},
                {"ai_edge_litert": "not installed", "tflite_runtime": "its wheel is broken"},
            ),
            "no TFLite interpreter can be imported (its wheel is broken)",
        ),
        (
            Packages({"numpy": "2.2.4", "cv2": "4.10.0"}),
            "no TFLite interpreter can be imported (not installed)",
        ),
        (
            Packages({"numpy": "2.2.4"}, {"cv2": "the process dies by SIGILL"}),
            "cv2 can't be imported (the process dies by SIGILL)",
        ),
    ],
)
def test_a_package_that_can_not_be_imported_fails_with_its_own_words(found, told):
    finding = check_packages(found)
    assert finding.state == "fail"
    assert told in finding.message
    assert "pip install" in finding.mend


@pytest.mark.parametrize(
    "words",
    [
        "numpy.dtype size changed, may indicate binary incompatibility",
        "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.2.4",
        "numpy.core.multiarray failed to import",
    ],
)
def test_a_package_for_another_numpy_is_told_apart_from_a_missing_one(words):
    found = check_packages(Packages({"numpy": "2.2.4"}, {"cv2": words}))
    assert found.state == "fail"
    assert found.message == "cv2 was built for another NumPy than 2.2.4"
    assert "sudo apt install" in found.mend


def test_two_opencvs_fail():
    both = ("opencv-python", "opencv-python-headless")
    found = check_packages(Packages(packages().versions, {}, both))
    assert found.state == "fail"
    assert "pip uninstall opencv-python opencv-python-headless" in found.mend


def test_what_a_process_said_before_it_died_is_kept():
    lines = [["begin", "numpy", ""], ["version", "numpy", "2.2.4"], ["begin", "cv2", ""]]
    said = "\n".join(map(json.dumps, lines)) + "\nhello, I am a library\n17\n"
    found = as_packages(Ended(-4, said, ""))
    assert found.versions == {"numpy": "2.2.4"}
    assert found.errors == {"cv2": "the process dies by SIGILL"}
    assert as_packages(Ended(1, "", "no Python")).errors == {
        "python": "the process ends with no Python"
    }


def test_a_process_that_never_came_to_look_is_no_missing_package():
    found = check_packages(as_packages(Ended(None, "", "")))
    assert found.state == "fail"
    assert found.message == "the process hangs before it has looked at numpy"
    assert "pip" not in found.mend


def test_here_all_fit_together():
    found = look()
    assert not found.errors
    assert {"numpy", "cv2", "ai_edge_litert"} <= found.versions.keys()
    assert found.distributions == ("opencv-python-headless",)
    assert found.windows == ""
    assert check_packages(found).state == "ok"


def test_a_broken_package_is_found(tmp_path, monkeypatch):
    (tmp_path / "cv2.py").write_text("raise ImportError('numpy.dtype size changed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = look()
    assert found.errors["cv2"] == "numpy.dtype size changed"
    assert check_packages(found).state == "fail"


def test_a_package_that_hangs_or_dies_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "cv2.py").write_text("import time; time.sleep(60)")
    assert look(3.0).errors == {"cv2": "the process hangs"}
    (tmp_path / "cv2.py").write_text("import os; os.abort()")
    assert look().errors == {"cv2": "the process dies by SIGABRT"}


def test_an_opencv_with_windows_is_told_from_a_headless_one(tmp_path, monkeypatch):
    build = "General\\n  GUI:                           QT5\\n    QT:   YES\\n"
    (tmp_path / "cv2.py").write_text(
        f"__version__ = '4.10.0'\ndef getBuildInformation(): return '{build}'"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert look().windows == "QT5"
