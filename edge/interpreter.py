"""The TFLite interpreter, from whichever package has one on this machine."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from edge.errors import ModelError, RuntimeMissingError

# First found wins. LiteRT is the one that is kept up; tflite-runtime still serves
# older images (Python 3.11 and below); TensorFlow is a workstation's last resort.
RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite.python.interpreter",
)


def load_interpreter_class(runtime: str | None = None) -> type[Any]:
    """Import and return the `Interpreter` class of the first runtime that is installed.

    Args:
        runtime: the one of `RUNTIMES` that is wanted; None takes the first.

    Raises:
        RuntimeMissingError: none of them can be imported.
    """
    problems = []
    for name in RUNTIMES if runtime is None else (runtime,):
        try:
            found: type[Any] = importlib.import_module(name).Interpreter
            return found
        except (ImportError, AttributeError) as error:
            # A package that is there but broken (wrong numpy, say) is worth telling.
            if not (isinstance(error, ModuleNotFoundError) and name.startswith(str(error.name))):
                problems.append(f"{name}: {error}")
    because = f" ({'; '.join(problems)})" if problems else ""
    raise RuntimeMissingError(
        f"no TFLite interpreter is installed{because}; run: pip install ai-edge-litert"
    )


def make_interpreter(
    model: bytes, name: str, threads: int = 1, runtime: str | None = None, xnnpack: bool = True
) -> Any:
    """Build an interpreter for a model.

    Args:
        model: content of the `.tflite` file.
        name: how to call it in an error.
        threads: threads one invoke may use.
        runtime: the one of `RUNTIMES` to run it with; None takes the first that is installed.
        xnnpack: whether it may compute with XNNPACK, which some boards can't.

    Returns:
        An interpreter whose tensors are not allocated yet.

    Raises:
        ModelError: the bytes are not a model, or one that this runtime can't run.
        RuntimeMissingError: no runtime is installed, or one that NumPy is too new for.
    """
    # The flatbuffer's file identifier; without this look the runtime's own words
    # for a text file or a truncated download would be all there is to say.
    if model[4:8] != b"TFL3":
        raise ModelError(f"{name}: not a TFLite model, or a truncated one; copy it again")
    interpreter_class = load_interpreter_class(runtime)
    try:
        with warnings.catch_warnings():
            # TensorFlow's own announces that it will be gone some day.
            warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated")
            options = {} if xnnpack else _without_xnnpack(interpreter_class)
            return interpreter_class(model_content=model, num_threads=threads, **options)
    except (SystemError, ImportError, AttributeError) as error:
        # tflite-runtime of before NumPy 2 imports with it all the same, and fails only here.
        import numpy as np

        raise RuntimeMissingError(
            f"{interpreter_class.__module__} does not work with NumPy {np.__version__}; run: "
            "pip install 'numpy<2', or pip install ai-edge-litert"
        ) from error
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}: the model can't be loaded ({reason}); copy it again") from error


def _without_xnnpack(interpreter_class: type[Any]) -> dict[str, Any]:
    kinds = importlib.import_module(interpreter_class.__module__).OpResolverType
    return {"experimental_op_resolver_type": kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
