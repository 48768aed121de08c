"""What can go wrong in a conversion, each error one sentence for a person.

    FiveboxError
    ├── SourceError (ValueError)       the Keras model is missing, damaged or no digit model
    └── ConversionError (ValueError)   the converted file is not what it should be

They join the tree of `edge.errors`; `train.errors` has those of the digits and of
the results' place.
"""

from __future__ import annotations

from edge.errors import FiveboxError


class SourceError(FiveboxError, ValueError):
    """The Keras model is missing, damaged or no digit model."""


class ConversionError(FiveboxError, ValueError):
    """The converted file is not what it should be, so it was not kept."""
