"""Requests that somebody or something has changed; each is made anew from its number."""

from __future__ import annotations

import copy
import json
import random

import cv2

from tests.edge.drawing import recording, row

_ODD = (
    None, True, "", "x", [], {}, [[]], -1, 0, 1e308, -1e308, 1e-320, 2**63, 10**400,
    float("nan"), float("inf"), "\ud800", "0" * 5000, [None] * 300,
)  # fmt: skip
_TYPES = (
    "application/json",
    "image/jpeg",
    "image/png",
    "text/plain",
    "",
    "application/json;x=\xff",
)
_PATHS = (
    "/", "/health", "/metrics", "/docs", "/openapi.json", "/api/v1/settings", "/api/v1/readings",
    "/api/v1/readings.csv", "/api/v1/readings?limit=2", "/api/v1/readings?day=2026-01-01",
    "/api/v1/readings?query=0&before=9", "/api/v1/readings/" + "a" * 32,
    "/api/v1/readings/" + "a" * 32 + "/digits", "/static/css/base.css",
)  # fmt: skip
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "get", "X" * 50)


def recordings(seed):
    """Return type and body of a touch recording that was changed."""
    dice = random.Random(f"recording {seed}")
    # Its own: the boxes are everybody's.
    whole = json.loads(json.dumps(recording(f"{dice.randrange(100_000):05}")))
    if dice.random() < 0.6:
        for _ in range(dice.choice([1, 1, 3])):
            _harm(whole, dice)
        return "application/json", json.dumps(whole).encode("utf-8", "surrogatepass")
    return "application/json", _bytes(json.dumps(whole).encode(), dice)


def images(seed):
    """Return type and body of a photo that was changed."""
    dice = random.Random(f"image {seed}")
    kind, ending = dice.choice([("image/jpeg", ".jpg"), ("image/png", ".png")])
    picture, _ = row(f"{dice.randrange(100_000):05}")
    content = cv2.imencode(ending, picture)[1].tobytes()
    return dice.choice((kind, kind, kind, *_TYPES)), _bytes(content, dice)


def requests(seed):
    """Return all bytes of a request that was changed."""
    dice = random.Random(f"request {seed}")
    body = json.dumps(recording("04524")).encode() if dice.random() < 0.4 else b""
    lines = [
        f"{dice.choice(_METHODS[:3])} {dice.choice(_PATHS)} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {dice.choice(_TYPES)}",
        f"Content-Length: {len(body)}",
        *dice.sample(
            [
                "Cookie: fivebox_token=\xff; a=b",
                "Authorization: Bearer \xfc",
                "Origin: http://[::",
                "Transfer-Encoding: chunked",
                "Expect: 100-continue",
                "Range: bytes=5-1",
                "If-None-Match: " + "x" * 3000,
                "Content-Length: 5",
                "Accept-Encoding: " + "gzip," * 200,
            ],
            dice.randrange(3),
        ),
    ]
    head = "\r\n".join(lines).encode("latin-1")
    how = dice.random()
    if how < 0.4:
        head = _bytes(head, dice)
    elif how < 0.5:
        head = head.replace(b" ", f" {dice.choice(_METHODS)}".encode(), 1)
    return head + b"\r\nConnection: close\r\n\r\n" + body


def _harm(value, dice):
    """Change a part of what JSON holds, in place."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = dice.choice(keys)
        child = value[key]
        if isinstance(child, list | dict) and child and dice.random() < 0.8:
            value = child
            continue
        how = dice.randrange(4)
        if how == 0:
            del value[key]
        elif how == 1 and isinstance(value, list):
            value[key:key] = [child] * dice.choice([1, 5, 500])
        else:
            value[key] = copy.deepcopy(dice.choice(_ODD))
        return


def _bytes(content, dice):
    """Return bytes with some changed, left out, doubled or cut off."""
    changed = bytearray(content)
    for _ in range(dice.choice([1, 1, 1, 2, 20])):
        at = dice.randrange(len(changed) or 1)
        length = dice.choice([1, 1, 2, 4, 64])
        how = dice.randrange(6)
        if how == 0:
            del changed[at : at + length]
        elif how == 1:
            changed[at:at] = dice.randbytes(length)
        elif how == 2:
            changed[at:at] = changed[at : at + length] * 3
        elif how == 3 and dice.random() < 0.2:
            del changed[at:]
        elif changed:
            changed[at % len(changed)] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
    return bytes(changed)
