"""What can go wrong in training alone; it joins the tree of `edge.errors`."""

from __future__ import annotations

from edge.errors import FiveboxError


class DataError(FiveboxError, ValueError):
    """The digits are missing, damaged or of the wrong kind."""
