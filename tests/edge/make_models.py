"""Writes tiny TFLite models of many kinds; run as a program, for it needs TensorFlow.

Each is one layer on 784 pixels with the weights in `weights.npz`.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

FOLDER = Path(sys.argv[1])
RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(0, 0.08, (784, 10)).astype(np.float32)
BIAS = RNG.normal(0, 0.5, 10).astype(np.float32)
IMAGES = RNG.integers(0, 256, (40, 784)).astype(np.float32) / 255


def save(name, function, *shapes, dtype=None, out=None):
    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    concrete = tf.function(function, input_signature=signature).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], function)
    if dtype is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [image.reshape(1, *shapes[0][1:])] for image in IMAGES
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = dtype
        converter.inference_output_type = out or dtype
    (FOLDER / f"{name}.tflite").write_bytes(converter.convert())


def logits(x):
    return tf.matmul(tf.reshape(x, [-1, 784]), WEIGHTS) + BIAS


def softmax(x):
    return tf.nn.softmax(logits(x))


np.savez(FOLDER / "weights.npz", weights=WEIGHTS, bias=BIAS)
save("float-logits", logits, [None, 784])
save("float-softmax", softmax, [None, 784])
save("float-images", softmax, [None, 28, 28, 1])
save("float-rows", logits, [None, 28, 28])
save("int8-logits", logits, [None, 784], dtype=tf.int8)
save("int8-softmax", softmax, [None, 784], dtype=tf.int8)
save("uint8-softmax", softmax, [None, 28, 28], dtype=tf.uint8)
save("uint8-in-int8-out", logits, [None, 784], dtype=tf.uint8, out=tf.int8)
save("one-at-a-time", lambda x: tf.matmul(x, WEIGHTS) + BIAS, [1, 784])
save("eleven-classes", lambda x: tf.pad(softmax(x), [[0, 0], [0, 1]]), [None, 784])
save("785-pixels", lambda x: softmax(x[:, :784]), [None, 785])
save("two-inputs", lambda x, y: softmax(x + y), [None, 784], [None, 784])
save("three-outputs", lambda x: (logits(x), softmax(x), x), [None, 784])
save("not-a-number", lambda x: logits(x) * np.float32("nan"), [None, 784])
save("fixed-reshape", lambda x: logits(x) + tf.reshape(x, [1, 784])[:, :10] * 0, [1, 28, 28])
