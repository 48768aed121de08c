"""One tone for accepted, another for "please look": through ALSA, else the terminal's bell."""

from __future__ import annotations

import io
import math
import shutil
import struct
import subprocess
import sys
import wave
from pathlib import Path

from edge.closing import Closing

_CARDS = Path("/proc/asound/cards")
_RATE = 22_050
_SECONDS = 0.15
# Of full scale; and how long a tone swells and fades, so that it doesn't click.
_LOUDNESS = 0.4
_FADE_S = 0.01
# Hz
_ACCEPTED, _DOUBTFUL = 1000.0, 400.0


class Beeper(Closing):
    """Beeps without keeping anybody waiting; `with` ends what still sounds.

    Args:
        is_muted: whether to be silent.
    """

    def __init__(self, is_muted: bool = False) -> None:
        self._is_muted = is_muted
        self._player = _player()
        self._playing: subprocess.Popen[bytes] | None = None

    def beep(self, accepted: bool) -> None:
        """Sound the tone of an accepted reading, or of a doubtful one."""
        if self._is_muted:
            return
        if self._player is None:
            _ring()
            return
        if self._playing is not None and self._playing.poll() is None:
            return  # still at the last one
        try:
            self._playing = subprocess.Popen(
                [self._player, "--quiet", "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            # All of it fits into the pipe, whether or not anybody listens yet.
            assert self._playing.stdin is not None
            with self._playing.stdin as pipe:
                pipe.write(tone(_ACCEPTED if accepted else _DOUBTFUL))
        except OSError:
            # The next one goes another way: a tone is nothing to fail for.
            self._player = None
            _ring()

    def close(self) -> None:
        """End what still sounds; may be called again."""
        if self._playing is not None:
            self._playing.kill()
            self._playing.wait()
            self._playing = None


def tone(frequency: float) -> bytes:
    """Return a WAV file of 0.15 s of a sine: mono, 16 bits, 22,050 Hz.

    Args:
        frequency: Hz.
    """
    count = round(_RATE * _SECONDS)
    samples = []
    for i in range(count):
        swell = min(1.0, i / (_RATE * _FADE_S), (count - i) / (_RATE * _FADE_S))
        sine = math.sin(2 * math.pi * frequency * i / _RATE)
        samples.append(round(32_767 * _LOUDNESS * swell * sine))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE)
        writer.writeframes(struct.pack(f"<{count}h", *samples))
    return file.getvalue()


def _player() -> str | None:
    """Return ALSA's player where it is installed and there is a card to play on."""
    try:
        has_card = "]:" in _CARDS.read_text("utf-8", "replace")
    except OSError:
        return None
    return shutil.which("aplay") if has_card else None


def _ring() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print("\a", end="", file=sys.stderr, flush=True)
