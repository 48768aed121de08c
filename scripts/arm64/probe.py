"""What is read here: `probe.py SAMPLES DIGITS.npy [make]` prints it as JSON.

Run with the same samples and digits on two kinds of machine, its outputs can be compared.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import cv2
import numpy as np

import edge
from edge.batch import read_all
from edge.classifier import Classifier
from edge.interpreter import load_interpreter_class
from edge.recognizer import Recognizer
from edge.sources.files import expand


def main(arguments: list[str]) -> int:
    """Read the samples, and classify digits whose pixels are the same everywhere."""
    samples, digits = Path(arguments[0]), Path(arguments[1])
    recognizer = Recognizer(xnnpack=arguments[2:] != ["plain"])
    readings = {
        Path(reading.source or "").name: [reading.status, reading.guess]
        for reading in read_all(recognizer, expand([str(samples)]), None)
    }
    pixels = np.load(digits)
    told = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "from": str(Path(edge.__file__).parent),
        "versions": {
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            "runtime": load_interpreter_class().__module__,
        },
        "readings": readings,
        "step": _step(recognizer.classifier),
        "logits": recognizer.classifier.logits(pixels).tolist(),
        "probabilities": recognizer.classifier.probabilities(pixels).tolist(),
    }
    print(json.dumps(told))
    return 0


def _step(classifier: Classifier) -> float:
    """Return what the quantised output's lowest bit is worth; 0 of a float model."""
    (output,) = classifier._interpreter.get_output_details()
    return float(output["quantization"][0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
