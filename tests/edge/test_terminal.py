"""How a command ends."""

from __future__ import annotations

import sys

import pytest

from edge.errors import FiveboxError, ModelError
from edge.terminal import run_command, say


def fail(error: BaseException) -> int:
    raise error


def test_the_command_gives_the_exit_code():
    assert run_command("p", False, lambda: 1) == 1


def test_an_error_of_ours_is_one_line_and_its_code(capsys):
    assert run_command("p", False, lambda: fail(ModelError("m: is gone"))) == 1
    assert capsys.readouterr() == ("", "p: m: is gone\n")


def test_debugging_lets_it_through():
    with pytest.raises(FiveboxError):
        run_command("p", True, lambda: fail(FiveboxError("x")))


def test_ctrl_c_is_one_line_and_130(capsys):
    assert run_command("p", False, lambda: fail(KeyboardInterrupt()), "stopped, all is kept") == 130
    assert capsys.readouterr().err == "\np: stopped, all is kept\n"


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run_command("p", False, lambda: fail(ZeroDivisionError()))


def test_a_line_is_said_in_one_piece(monkeypatch):
    class Stream(list):
        write = list.append

        def flush(self):
            self.append("flushed")

    monkeypatch.setattr(sys, "stderr", Stream())
    say("http://127.0.0.1:8080/")
    assert sys.stderr == ["http://127.0.0.1:8080/\n", "flushed"]
