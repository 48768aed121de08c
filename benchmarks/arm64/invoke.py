"""Invokes a model on some digits: `invoke.py MODEL ROWS TIMES`, nothing else."""

from __future__ import annotations

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main(arguments: list[str]) -> int:
    """Invoke it; the pixels are zeros, for how long a layer takes does not depend on them."""
    path, rows, times = arguments[0], int(arguments[1]), int(arguments[2])
    interpreter = Interpreter(model_path=path, num_threads=1)
    (pixels,) = interpreter.get_input_details()
    shape = [rows, *pixels["shape"][1:]]
    interpreter.resize_tensor_input(pixels["index"], shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(pixels["index"], np.zeros(shape, pixels["dtype"]))
    for _ in range(times):
        interpreter.invoke()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
