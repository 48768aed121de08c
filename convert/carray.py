"""A model as a C array, for firmware that has no files: `NAME.h`."""

from __future__ import annotations

import re
from pathlib import Path

_PER_LINE = 16
# Of flatbuffers, which TFLite Micro reads in place.
_ALIGNMENT = 16


def path(model: Path) -> Path:
    """Return where the array of a model lies: `NAME.h`."""
    return model.with_suffix(".h")


def text(content: bytes, name: str) -> str:
    """Return a header, for C11 and C++11, that holds the file.

    Args:
        content: of the `.tflite` file.
        name: of the model; the array is called so, other signs than letters and digits
            becoming `_`.
    """
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    word = f"_{word}" if word[:1].isdigit() else word
    rows = [
        "    " + ", ".join(f"0x{byte:02x}" for byte in content[start : start + _PER_LINE])
        for start in range(0, len(content), _PER_LINE)
    ]
    guard = f"{word.upper()}_H"
    return "\n".join(
        [
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            "#ifndef __cplusplus",
            "#include <stdalign.h>",
            "#endif",
            "",
            f"alignas({_ALIGNMENT}) static const unsigned char {word}[] = {{",
            ",\n".join(rows),
            "};",
            f"static const unsigned int {word}_len = {len(content)};",
            "",
            f"#endif /* {guard} */",
            "",
        ]
    )
