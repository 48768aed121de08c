"""Turns a Keras model into the Pi's `.tflite` file and proves the two equal.

`convert.convert` spells the way out: load (`source`), convert (`tflite`), run what
was written (`verify`), calibrate its probabilities (`calibrate`), write it with its
card. See `python -m convert --help`.
"""
