"""`python -m benchmarks.compare`."""

from __future__ import annotations

import sys

from benchmarks.compare.run import main

if __name__ == "__main__":
    sys.exit(main())
