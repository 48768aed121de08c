"""Which postcodes exist: the best valid one is read, not the best string of digits."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import DirectoryError

LENGTH = 5


class Directory:
    """A set of valid five-digit postcodes, as a table of all 100,000.

    Args:
        valid: `bool (10, 10, 10, 10, 10)`, indexed by the five digits.
    """

    def __init__(self, valid: NDArray[np.bool_]) -> None:
        self.valid = valid

    @classmethod
    def load(cls, path: str | Path) -> Directory:
        """Read a file with one postcode, or the first digits of some, a line.

        Empty lines and what follows a `#` don't count; gzip is understood.

        Raises:
            DirectoryError: the file can't be read, or a line is not one to five digits.
        """
        path = Path(path)
        try:
            content = path.read_bytes()
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DirectoryError(f"{path}: the directory can't be read ({error})") from error
        valid = np.zeros((10,) * LENGTH, bool)
        for number, line in enumerate(content.splitlines(), 1):
            code = line.split(b"#", 1)[0].strip()
            if not code:
                continue
            if not code.isdigit() or len(code) > LENGTH:
                raise DirectoryError(
                    f"{path}, line {number}: {code[:20].decode('utf-8', 'replace')!r} is not "
                    "one to five digits; write one postcode or prefix a line"
                )
            valid[tuple(digit - ord("0") for digit in code)] = True
        if not valid.any():
            raise DirectoryError(f"{path}: the directory has no postcode in it")
        return cls(valid)

    def best(self, probabilities: NDArray[np.float32]) -> tuple[str, float, float]:
        """Return the likeliest valid postcode.

        Args:
            probabilities: `float32 (5, 10)`, rows that sum to 1.

        Returns:
            The postcode; its probability given that a valid one was written; and the
            probability that a valid one was written.
        """
        joint = np.ones((), np.float64)
        for row in probabilities.astype(np.float64):
            joint = np.multiply.outer(joint, row)
        joint = np.where(self.valid, joint, 0)
        mass = float(joint.sum())
        place = np.unravel_index(int(joint.argmax()), joint.shape)
        share = float(joint[place]) / mass if mass > 0 else 0.0
        return "".join(str(digit) for digit in place), share, mass
