"""Makes a bundle whose kiosk does not start: `spoil.py BUNDLE SPOILT`, for the test of updates."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

# Wanted by nothing but a kiosk that begins to serve.
_MODULE = "edge/kiosk/serving.py"
_SUMS = "./SHA256SUMS"


def spoil_wheel(content: bytes) -> bytes:
    """Return the program's wheel with one module that can't be imported."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as wheel, zipfile.ZipFile(out, "w") as spoilt:
        for name in wheel.namelist():
            spoilt.writestr(name, b"raise SystemExit(3)\n" if name == _MODULE else wheel.read(name))
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Write the spoilt bundle; its checksums are right."""
    source, target = map(Path, arguments)
    sums: dict[str, str] = {}
    with tarfile.open(source) as bundle, tarfile.open(target, "w") as spoilt:
        for member in bundle:
            file = bundle.extractfile(member)
            if member.name == _SUMS or file is None:
                continue
            content = file.read()
            if Path(member.name).match("wheels/fivebox-*.whl"):
                content = spoil_wheel(content)
            sums[member.name] = hashlib.sha256(content).hexdigest()
            _add(spoilt, member.name, content, member.mode)
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        _add(spoilt, _SUMS, lines.encode(), 0o644)
    return 0


def _add(bundle: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    bundle.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
