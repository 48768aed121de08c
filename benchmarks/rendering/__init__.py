"""Renders photos of envelopes and forms as a camera sees them, to find and read boxes in."""
