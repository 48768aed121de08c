"""Looks whether everything that a kiosk needs is there, and says how to mend what isn't."""

from __future__ import annotations

from edge.doctor.finding import Finding

__all__ = ["Finding"]
