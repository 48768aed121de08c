"""Imports Keras and what it runs on without what its libraries print about themselves."""

from __future__ import annotations

import os

from edge.quiet import native_stderr_silenced


def import_keras() -> None:
    """Import Keras and TensorFlow, or JAX where `KERAS_BACKEND` asks for it, without banners.

    Seconds of work.
    """
    # Read once, when TensorFlow is first imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_stderr_silenced():
        import keras

        # Some banners wait for the first operation.
        keras.ops.zeros(()) + keras.ops.zeros(())


def import_tensorflow() -> None:
    """Import TensorFlow, and Keras on top of it whatever `KERAS_BACKEND` says, without banners.

    For what only TensorFlow does: rounding and conversion.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import_keras()
