"""What can go wrong in training, each error one sentence for a person.

    FiveboxError
    ├── DataError (ValueError)   the digits are missing, damaged or of the wrong kind
    └── OutputError (OSError)    the results can't be written where they were wanted

They join the tree of `edge.errors`.
"""

from __future__ import annotations

from edge.errors import FiveboxError


class DataError(FiveboxError, ValueError):
    """The digits are missing, damaged or of the wrong kind."""


class OutputError(FiveboxError, OSError):
    """The results can't be written where they were wanted."""
