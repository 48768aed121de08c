from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from edge.doctor.child import run, run_module


def python(code, limit_s=20.0):
    return run([sys.executable, "-c", code], limit_s)


def test_a_process_that_ends_is_told_with_what_it_said():
    ended = python("import sys; print('out'); print('a\\nb', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.out, ended.error) == (3, "out\n", "b")
    assert ended.how == "ends with b"


def test_a_process_without_a_word_is_told_by_its_code():
    assert python("raise SystemExit(4)").how == "ends with exit code 4"


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV", "SIGABRT"])
def test_a_process_that_dies_is_told_by_its_signal(name):
    ended = python(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert ended.code < 0
    assert ended.how == f"dies by {name}"


def test_a_process_that_hangs_is_killed_with_its_children():
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    start = time.monotonic()
    ended = python(code, 3.0)
    assert time.monotonic() - start < 20
    assert ended.code is None
    assert ended.how == "hangs"
    child = int(ended.out)
    for _ in range(100):
        try:
            if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                break
        except FileNotFoundError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child of a killed process lives on")


def test_a_program_that_is_not_there_is_told():
    ended = run(["/nowhere/program"], 5)
    assert ended.code == 127
    assert ended.error == "No such file or directory"


def test_variables_are_added_to_the_environment(monkeypatch):
    monkeypatch.setenv("KEPT", "yes")
    code = "import os; print(os.environ['KEPT'], os.environ['NEW'])"
    assert run([sys.executable, "-c", code], 20, {"NEW": "too"}).out == "yes too\n"


def test_a_module_of_ours_is_found_wherever_we_are(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "other.py").write_text("print('other')")
    assert run_module("edge.doctor.child", [], 20).code == 0
    assert run_module("other", [], 20).out == "other\n"
    assert os.environ["PYTHONPATH"] == str(tmp_path)
