"""Trains the deep MLP that reads the digits; a workstation's job, see `python -m train --help`.

`fit` is the algorithm of the textbook; the other modules bring it its digits
(`data`, `augment`), its network (`network`), its numbers (`recipe`) and its
files (`report`, `files`).
"""
