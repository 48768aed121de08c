"""Imports TensorFlow without what its libraries print about themselves."""

from __future__ import annotations

import os

from edge.quiet import native_stderr_silenced


def import_tensorflow() -> None:
    """Import TensorFlow and Keras, seconds of work, and let none of their banners through."""
    # Read once, when TensorFlow is first imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_stderr_silenced():
        import keras
        import tensorflow as tf

        # Some banners wait for the first operation.
        tf.constant(0.0) + keras.ops.zeros(())
