from __future__ import annotations

import subprocess
import sys

from tests.system.conftest import environment

HEAVY = ("fastapi", "uvicorn", "pydantic", "prometheus_client", "sqlite3", "numpy", "cv2")


def test_the_command_line_alone_imports_nothing_that_one_command_needs():
    code = "import sys, edge.cli; edge.cli._parser(); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert [name for name in HEAVY if f"'{name}'" in done.stdout] == []
