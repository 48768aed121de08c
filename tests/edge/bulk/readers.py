"""Recognisers that do what the recording they are given says, and inputs that say it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from edge.errors import ModelError
from edge.reading import Reading
from edge.sources.inputs import Input


class Obedient:
    """Reads `{"do": what, "with": value}`."""

    def read_strokes(self, order):
        value = order["with"]
        match order["do"]:
            case "answer":
                return Reading("accepted", postcode=value, guess=value, confidence=1.0)
            case "sleep":
                time.sleep(value)
            case "die":
                os.kill(os.getpid(), signal.Signals[value])
                time.sleep(60)
            case "die once":
                if not Path(value).exists():
                    Path(value).touch()
                    os._exit(9)
            case "fail":
                raise ZeroDivisionError(value)
            case "allocate":
                raise MemoryError
            case "where":
                return Reading("no-boxes", reason=str(os.getpid()))
            case "threads":
                import cv2

                said = f"{cv2.getNumThreads()} {os.environ['OPENBLAS_NUM_THREADS']}"
                return Reading("no-boxes", reason=said)
        return Reading("rejected", guess="00000", reason="low-confidence")

    def read(self, picture):
        return Reading("no-boxes", reason=f"{picture.width}x{picture.height}")


def make_obedient():
    return Obedient()


def make_none():
    raise ModelError("there is no such model")


def make_dead():
    os._exit(7)


def orders(folder, *whats):
    """Return inputs, each `(what, value)`."""
    inputs = []
    for number, (what, value) in enumerate(whats):
        path = folder / f"{number:04d}.json"
        path.write_text(json.dumps({"do": what, "with": value}))
        inputs.append(Input.of(path))
    return inputs
