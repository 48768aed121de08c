"""A package from a file or an address; it is signed, so the way it comes need not be."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path

from edge.errors import UpdateError
from edge.update.package import MOST_BYTES

# Seconds without a byte.
_SILENCE_S = 30.0


def fetch(place: str) -> bytes:
    """Return the bytes of a package.

    Args:
        place: a path, or an address that begins with https:// or http://.

    Raises:
        UpdateError: it can't be read, or is larger than any package.
    """
    try:
        if place.startswith(("https://", "http://")):
            with urllib.request.urlopen(place, timeout=_SILENCE_S) as answer:
                content: bytes = answer.read(MOST_BYTES + 1)
        else:
            with Path(place).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise UpdateError(f"{place}: the server answers {error.code}; check the address") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise UpdateError(f"{place}: can't be read ({reason}); check it") from error
    if len(content) > MOST_BYTES:
        raise UpdateError(f"{place}: larger than {MOST_BYTES // 1_000_000} MB; no package is")
    return content
