"""Which postcodes exist: the best valid one is read, not the best string of digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.directory_file import LENGTH, read_directory
from edge.errors import DirectoryError

__all__ = ["BUILT_IN", "LENGTH", "Directory"]

_FOLDER = Path(__file__).parent / "directories"

BUILT_IN = ("de", "fr", "kr", "us")
"""Names of the directories that are part of the package: `NAME.csv` in `directories/`."""


class Directory:
    """A set of valid five-digit postcodes, as a table of all 100,000, and their regions.

    Args:
        valid: `bool (10, 10, 10, 10, 10)`, indexed by the five digits.
        regions: names of prefixes of one to five digits; none by default.
    """

    def __init__(self, valid: NDArray[np.bool_], regions: Mapping[str, str] | None = None) -> None:
        self.valid = valid
        self.regions = {} if regions is None else dict(regions)

    @classmethod
    def open(cls, source: Directory | str | Path) -> Directory:
        """Return the directory that is meant.

        Args:
            source: a directory, which is returned; the name of one that is built in (a
                string, one of `BUILT_IN`: a file of that name is written `./kr`); or the
                path of a file.

        Raises:
            DirectoryError: the file can't be used; see `load`.
        """
        if isinstance(source, Directory):
            return source
        if isinstance(source, str) and source in BUILT_IN:
            return cls.load(_FOLDER / f"{source}.csv")
        try:
            return cls.load(source)
        except DirectoryError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise DirectoryError(f"{error}; built in are {', '.join(BUILT_IN)}") from error

    @classmethod
    def load(cls, path: str | Path) -> Directory:
        """Read a file with one postcode, or the first digits of some, a line.

        After a comma or a tab may stand the name of the region; the longest prefix of a
        postcode that has one names it. Empty lines and what follows a `#` don't count;
        gzip and a byte-order mark are understood.

        Raises:
            DirectoryError: the file can't be read, or a line is not one to five digits.
        """
        return cls(*read_directory(Path(path)))

    def region(self, postcode: str) -> str | None:
        """Return the name of a postcode's region; None where the directory knows none."""
        prefixes = (postcode[:length] for length in range(LENGTH, 0, -1))
        return next((self.regions[each] for each in prefixes if each in self.regions), None)

    def best(self, probabilities: NDArray[np.float32]) -> tuple[str, float, float]:
        """Return the likeliest valid postcode.

        Args:
            probabilities: `float32 (5, 10)`, rows that sum to 1.

        Returns:
            The postcode; its probability given that a valid one was written; and the
            probability that a valid one was written.
        """
        p = probabilities.astype(np.float64)
        heads = np.multiply.outer(np.multiply.outer(p[0], p[1]), p[2]).ravel()
        ends = np.multiply.outer(p[3], p[4]).ravel()
        # Of each three first digits the valid ends, without the table of all products.
        valid_ends = np.where(self.valid.reshape(len(heads), len(ends)), ends, 0)
        mass = float(heads @ valid_ends.sum(axis=1))
        head = int((heads * valid_ends.max(axis=1)).argmax())
        end = int(valid_ends[head].argmax())
        likeliest = float(heads[head] * valid_ends[head, end])
        return f"{head:03}{end:02}", likeliest / mass if mass > 0 else 0.0, mass
