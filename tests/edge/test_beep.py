from __future__ import annotations

import io
import stat
import time
import wave

import numpy as np
import pytest

from edge import beep
from edge.beep import Beeper, tone


def samples(file):
    with wave.open(io.BytesIO(file)) as reader:
        assert reader.getnchannels() == 1
        assert reader.getsampwidth() == 2
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2"), reader.getframerate()


@pytest.mark.parametrize("frequency", [400.0, 1000.0])
def test_a_tone_has_its_pitch_and_does_not_click(frequency):
    wave_form, rate = samples(tone(frequency))
    assert len(wave_form) / rate == pytest.approx(0.15, abs=0.001)
    spectrum = np.abs(np.fft.rfft(wave_form))
    assert spectrum.argmax() * rate / len(wave_form) == pytest.approx(frequency, abs=10)
    assert 8000 < np.abs(wave_form.astype(int)).max() < 16_000
    assert abs(int(wave_form[0])) < 100
    assert abs(int(wave_form[-1])) < 1500


@pytest.fixture
def player(tmp_path, monkeypatch):
    """Stand in for ALSA's player: keep what was to be played, and take its time."""
    program = tmp_path / "aplay"
    program.write_text(f'#!/bin/sh\ncat > "{tmp_path}/played.$$"\nsleep 5\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    cards = tmp_path / "cards"
    cards.write_text(" 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n")
    monkeypatch.setattr(beep, "_CARDS", cards)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def played(folder):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        files = [file.read_bytes() for file in folder.glob("played.*")]
        if files and all(len(samples(f)[0]) > 3000 for f in files if len(f) > 6000) and files[0]:
            return files
        time.sleep(0.02)
    return []


@pytest.mark.parametrize(("accepted", "frequency"), [(True, 1000.0), (False, 400.0)])
def test_where_there_is_a_sound_card_a_tone_is_played_without_waiting(player, accepted, frequency):
    begun = time.monotonic()
    with Beeper() as beeper:
        beeper.beep(accepted)
        # Still at the first one.
        beeper.beep(accepted)
        assert time.monotonic() - begun < 2
        assert played(player) == [tone(frequency)]
        process = beeper._playing
    assert process.poll() is not None
    beeper.close()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_sound_card_the_terminals_bell_rings(tmp_path, monkeypatch):
    monkeypatch.setattr(beep, "_CARDS", tmp_path / "none")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    Beeper().beep(True)
    assert terminal.getvalue() == "\a"


def test_a_file_is_not_rung_at(tmp_path, monkeypatch):
    monkeypatch.setattr(beep, "_CARDS", tmp_path / "none")
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    Beeper().beep(True)
    assert log.getvalue() == ""


def test_a_player_that_can_not_be_started_gives_way_to_the_bell(player, monkeypatch):
    (player / "aplay").write_text("#!/no/such/shell\n")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Beeper() as beeper:
        beeper.beep(True)
        beeper.beep(False)
    assert terminal.getvalue() == "\a\a"


def test_a_player_that_ends_at_once_is_nothing_to_fail_for(player):
    (player / "aplay").write_text("#!/bin/sh\nexit 1\n")
    with Beeper() as beeper:
        for _ in range(20):
            beeper.beep(True)
            time.sleep(0.01)


def test_muted_is_silent(player, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Beeper(is_muted=True) as beeper:
        beeper.beep(True)
        assert beeper._playing is None
    assert terminal.getvalue() == ""
