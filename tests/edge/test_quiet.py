from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

import pytest

from edge.quiet import native_stderr_heard, native_stderr_silenced


@contextlib.contextmanager
def standard_error_in(path):
    """Let file descriptor 2 be a file meanwhile."""
    before = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def test_what_is_written_meanwhile_is_thrown_away_and_the_rest_is_not(tmp_path):
    with standard_error_in(tmp_path / "err"):
        os.write(2, b"before ")
        with native_stderr_silenced():
            os.write(2, b"meanwhile ")
            subprocess.run([sys.executable, "-c", "import os; os.write(2, b'child ')"], check=True)
        os.write(2, b"after")
    assert (tmp_path / "err").read_text() == "before after"


def test_what_is_written_meanwhile_is_heard_and_not_shown(tmp_path):
    with standard_error_in(tmp_path / "err"):
        os.write(2, b"before ")
        with native_stderr_heard() as heard:
            os.write(2, b"one\ntwo: \xff\n")
        with native_stderr_heard() as nothing:
            pass
        os.write(2, b"after")
    assert heard == ["one", "two: \N{REPLACEMENT CHARACTER}"]
    assert nothing == []
    assert (tmp_path / "err").read_text() == "before after"


QUIET = pytest.mark.parametrize("quiet", [native_stderr_silenced, native_stderr_heard])


@QUIET
def test_it_comes_back_after_an_error(tmp_path, quiet):
    with standard_error_in(tmp_path / "err"):
        with pytest.raises(ValueError, match="inside"), quiet():
            raise ValueError("inside")
        os.write(2, b"after")
    assert (tmp_path / "err").read_text() == "after"


@QUIET
def test_no_descriptor_is_left_open(quiet):
    free = os.dup(0)
    os.close(free)
    for _ in range(5):
        with quiet():
            pass
        with contextlib.suppress(ValueError), quiet():
            raise ValueError
    again = os.dup(0)
    os.close(again)
    assert again == free


def test_two_threads_that_overlap_leave_standard_error_as_it_was(tmp_path):
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first():
        with native_stderr_silenced():
            first_in.set()
            second_in.wait(1)
        first_out.set()

    def second():
        first_in.wait(1)
        with native_stderr_silenced():
            second_in.set()
            first_out.wait(1)

    threads = [threading.Thread(target=work) for work in (first, second)]
    with standard_error_in(tmp_path / "err"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os.write(2, b"after")
    assert (tmp_path / "err").read_text() == "after"


@QUIET
def test_without_standard_error_there_is_nothing_to_do(monkeypatch, quiet):
    monkeypatch.setattr(sys, "stderr", None)
    before = os.dup(2)
    os.close(2)
    try:
        with quiet():
            pass
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(2)
    finally:
        os.dup2(before, 2)
        os.close(before)
