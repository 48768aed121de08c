"""Every command of the page that leads from the book to a kiosk, in the page's order.

Networks learn from a few drawn digits in a few epochs, as the page itself proposes for a hurry.
What only a Pi can do is done on a machine that is only a folder, or told and not done.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request

import pytest

from edge.cli import _parser
from tests.conftest import ROOT
from tests.deploy.machine import Machine
from tests.system.conftest import environment
from tests.system.pages import blocks, commands

PAGE = (ROOT / "docs" / "from-the-book-to-a-kiosk.md").read_text("utf-8")
STEPS = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
HURRY = ["--epochs", "3"]
PATIENCE_S = 120


class Reader:
    """Someone who types in what the page says, in a folder of their own."""

    def __init__(self, folder, digits):
        self.folder = folder
        self.typed = []
        self.said = ""
        self._digits = digits
        self._machine = folder / "machine"
        self._machine.mkdir()
        self._pi = Machine(self._machine, sys.executable)
        self._made = []
        self._kiosk = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])
        for name in ("samples", "scripts", "deploy"):
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "samples" / "marker-kraft.jpg", folder / "photo.jpg")
        self._environment = environment(
            XDG_DATA_HOME=str(folder / "data"), FIVEBOX_KIOSK_PORT=self._port
        )

    def type(self, command):
        """Do what a command does, as far as it can be done here."""
        words = shlex.split(command)
        for beginning, way in WAYS.items():
            if words[: len(beginning)] == list(beginning):
                self.typed.append(command)
                return way(self, words, words[len(beginning) :])
        raise AssertionError(f"nobody knows how to try this: {command}")

    def leave(self):
        """Stop the kiosk, which ends as it should."""
        if self._kiosk is not None:
            self._kiosk.send_signal(signal.SIGINT)
            assert self._kiosk.wait(PATIENCE_S) == 0

    def make_environment(self, _, arguments):
        python, name, extras = arguments
        assert python == "python3"
        subprocess.run(["git", "check-ignore", "-q", f"{name}/x"], cwd=ROOT, check=True)
        known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert set(extras.split(",")) <= set(known["optional-dependencies"])
        assert os.access(ROOT / "scripts" / "make-venv", os.X_OK)
        self._made.append(name)

    def activate(self, _, arguments):
        assert [name.removesuffix("/bin/activate") for name in arguments] == self._made

    def train(self, words, arguments):
        main = pytest.importorskip("train.cli", reason="the training is not installed").main
        if arguments != ["--list"]:
            arguments = [*arguments, *HURRY, "--data", str(self._digits)]
        with contextlib.chdir(self.folder):
            assert main(arguments) == 0

    def convert(self, _, arguments):
        main = pytest.importorskip("convert.cli", reason="the converter is not installed").main
        with contextlib.chdir(self.folder):
            assert main(arguments) == 0

    def parse(self, words, arguments):
        """Of what needs a screen or a camera: is it understood?"""
        if words[0].startswith("."):
            assert words[0].removesuffix("/bin/python") in self._made
        _parser().parse_args(arguments)

    def run(self, words, arguments):
        self._call([sys.executable, "-m", "edge", *arguments])

    def start_kiosk(self, words, arguments):
        self._kiosk = subprocess.Popen(
            [sys.executable, "-m", "edge", "kiosk", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + PATIENCE_S
        while not self._is_healthy():
            assert self._kiosk.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)

    def _is_healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5):
                return True
        except OSError:
            return False

    def curl(self, words, arguments):
        *rest, address = words
        if not shutil.which("curl"):
            pytest.skip("curl is missing")
        if address.endswith("/ID"):
            address = address.removesuffix("ID") + json.loads(self.said)["id"]
        self._call([*rest, "--fail-with-body", address.replace(":8080", f":{self._port}")])

    def make(self, words, arguments):
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)

    def install_on_the_pi(self, words, arguments):
        ran = self._pi.install(*{**dict.fromkeys(arguments), "--dry-run": None})
        assert ran.code == 0, ran.error
        assert [call for call in self._pi.calls() if not call.startswith("python ")] == []

    def look_at_a_unit(self, words, arguments):
        verb, unit = arguments
        assert verb in ("status", "restart")
        assert (ROOT / "deploy" / "systemd" / f"{unit}.service").is_file()

    def put_into_etc(self, words, arguments):
        *rest, place = arguments
        (self.folder / place.lstrip("/")).mkdir(parents=True)
        self._call(["install", *rest, place.lstrip("/")])

    def config(self, words, arguments):
        flag, place = arguments
        (settings,) = (block.text for block in blocks(PAGE) if block.language == "toml")
        file = self.folder / place.lstrip("/")
        file.write_text(settings)
        self._call([sys.executable, "-m", "edge", "config", flag, str(file)])
        assert str(file.parent / "dmlp.tflite") in self.said
        assert file.with_name("dmlp.tflite").is_file()

    def _call(self, words):
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        self.said = done.stdout


# By how a command begins; the first that fits is taken.
WAYS = {
    ("scripts/make-venv",): Reader.make_environment,
    (".",): Reader.activate,
    ("python", "-m", "train"): Reader.train,
    ("python", "-m", "convert"): Reader.convert,
    ("python", "-m", "edge", "kiosk"): Reader.start_kiosk,
    ("python", "-m", "edge"): Reader.run,
    (".venv-desktop/bin/python", "-m", "edge"): Reader.parse,
    ("curl",): Reader.curl,
    ("make", "--dry-run"): Reader.make,
    ("deploy/install.sh",): Reader.install_on_the_pi,
    ("sudo", "deploy/install.sh"): Reader.install_on_the_pi,
    ("sudo", "install"): Reader.put_into_etc,
    ("systemctl",): Reader.look_at_a_unit,
    ("sudo", "systemctl"): Reader.look_at_a_unit,
    ("fivebox", "config"): Reader.config,
    ("fivebox",): Reader.parse,
}
# What must be there when a step was gone.
LEFT = {
    "2": ("build/mlp-sgd/mlp-sgd.keras", "build/compare-mlp-sgd-mlp-adam/compare.png"),
    "3": ("build/dmlp/dmlp_trained.h5", "build/dmlp/dmlp.keras"),
    "4": ("build/dmlp.tflite", "build/dmlp.json"),
    "5": ("out/evaluate/report.json",),
    "6": ("form.pdf", "out/photo.read.jpg"),
    "7": ("build/reviewed.npz", "build/dmlp-reviewed/dmlp.keras"),
    "8": ("etc/fivebox/dmlp.tflite",),
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Return someone who goes through the page; the steps build on each other."""
    synthetic = pytest.importorskip("tests.train.synthetic", reason="OpenCV is missing")
    pytest.importorskip("reportlab", reason="forms as PDF need the extra print")
    pytest.importorskip("uvicorn", reason="the kiosk needs the extra kiosk")
    folder = tmp_path_factory.mktemp("book")
    reader = Reader(folder, synthetic.write_digits(folder / "mnist.npz", train=3000, test=300))
    yield reader
    reader.leave()


@pytest.mark.parametrize(("title", "text"), STEPS, ids=[title for title, _ in STEPS])
def test_the_commands_of_a_step_do_what_it_says(reader, title, text):
    for command in commands(text):
        reader.type(command)
    for name in LEFT.get(title.partition(".")[0], ()):
        assert (reader.folder / name).is_file()


def test_no_command_stands_outside_of_the_steps():
    assert list(commands(PAGE)) == [command for _, text in STEPS for command in commands(text)]
    assert {title.partition(".")[0] for title, _ in STEPS} >= set(LEFT)


def test_the_page_proposes_what_the_tests_do_in_a_hurry():
    assert f"`{shlex.join(HURRY)}`" in PAGE
    assert "`--data mnist.npz`" in PAGE
