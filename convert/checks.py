"""Looks into converted files whether everything was quantised that should have been."""

from __future__ import annotations

from typing import Any

import numpy as np

from convert.errors import ConversionError
from convert.variants import UINT8
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced


def require_int8(content: bytes, pixels_in: str) -> None:
    """Look that nothing was left in float and that pixels go in as they are.

    Args:
        content: of the `.tflite` file.
        pixels_in: `uint8`, or `float32` where the ends of the network are to be float.

    Raises:
        ConversionError: something was, or they don't.
    """
    interpreter = _allocated(content)
    (pixels,), (scores,) = interpreter.get_input_details(), interpreter.get_output_details()
    ends = () if pixels_in == UINT8 else (pixels["name"], scores["name"])
    _refuse_left(_floats(interpreter), ends, "int8")
    if pixels_in != UINT8:
        return
    scale, zero_point = pixels["quantization"]
    if pixels["dtype"] != np.uint8 or zero_point != 0 or abs(scale * 255 - 1) > 1e-3:
        raise ConversionError(
            f"the input became {pixels['dtype'].__name__} with scale {scale:g} and zero point "
            f"{zero_point}, where uint8 with 1/255 and 0 is needed; do the digits that show the "
            "ranges run from 0 to 255?"
        )


def require_int16(content: bytes) -> None:
    """Look that nothing but the two ends was left in float.

    Raises:
        ConversionError: something was.
    """
    interpreter = _allocated(content)
    (pixels,), (scores,) = interpreter.get_input_details(), interpreter.get_output_details()
    _refuse_left(_floats(interpreter), (pixels["name"], scores["name"]), "int16x8")


def require_int4(content: bytes) -> None:
    """Look that no kernel was left in float: the quantiser passes over what it can't do.

    Raises:
        ConversionError: one was.
    """
    wide = [
        tensor["name"]
        for tensor in _floats(_allocated(content))
        if len(tensor["shape"]) == 2 and min(tensor["shape"]) > 1
    ]
    if wide:
        raise ConversionError(
            f"the model has weights that can't be int4 ({', '.join(wide)}); try --quantize int8"
        )


def _refuse_left(floats: list[Any], ends: tuple[str, ...], kind: str) -> None:
    left = [tensor["name"] for tensor in floats if tensor["name"] not in ends]
    if left:
        raise ConversionError(
            f"the model has parts that can't be {kind} ({', '.join(left)}); try --quantize dynamic"
        )


def _floats(interpreter: Any) -> list[Any]:
    return [each for each in interpreter.get_tensor_details() if each["dtype"] == np.float32]


def _allocated(content: bytes) -> Any:
    interpreter = make_interpreter(content, "the converted model")
    # The first allocation is when the runtime announces its delegate.
    with native_stderr_silenced():
        interpreter.allocate_tensors()
    return interpreter
