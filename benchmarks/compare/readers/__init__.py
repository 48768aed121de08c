"""The programs that are compared, a module each, imported in a process of its own.

Each module has `open_reader(way)`, which gives a function from item to answer, `version()`,
and `installed_bytes()`, what has to be on the disk for it without Python itself. What is
missing for it is a `PackageMissingError` when the reader is opened.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.compare.items import Answer, Item

Read = Callable[[Item], Answer]
"""What an opened reader is."""
