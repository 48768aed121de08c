"""What can go wrong in training alone; it joins the tree of `edge.errors`."""

from __future__ import annotations

from edge.errors import FiveboxError, OutputError


class DataError(FiveboxError, ValueError):
    """The images are missing, damaged or of the wrong kind."""


class CheckpointError(OutputError):
    """The state of a stopped run is damaged, or another run's."""
