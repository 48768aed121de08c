"""Demo envelopes and touch recordings, drawn from strokes and layouts defined here.

Nothing in here is copied from a data set: a digit is a curve in `handwriting`, an envelope is
a layout in `envelope`, a photo is what `camera` makes of it. `python -m samples` writes them.
"""
