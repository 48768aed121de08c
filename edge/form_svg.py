"""Writes a form as SVG 1.1, in millimetres."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from edge.form import BLACK, LINE_WIDTH, Box, Color, Form, Line, Marker, Text

_DASHES = "2 1.5"


def svg(form: Form) -> str:
    """Return the text of an SVG file whose user unit is a millimetre."""
    size = f'width="{_mm(form.width)}mm" height="{_mm(form.height)}mm"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {_mm(form.width)} {_mm(form.height)}">',
        "<title>Five boxes for a postcode</title>",
        f'<g class="boxes" fill="none" stroke="{_hex(form.color)}" stroke-width="{LINE_WIDTH}">',
        *(_box(box) for row in form.rows for box in row),
        "</g>",
        f'<g class="markers" fill="{_hex(BLACK)}">',
        *(_marker(marker) for marker in form.markers),
        "</g>",
        f'<g class="lines" fill="none" stroke="{_hex(BLACK)}">',
        *(_line(line) for line in form.lines),
        "</g>",
        f'<g class="texts" fill="{_hex(BLACK)}" font-family="sans-serif">',
        *(_text(text) for text in form.texts),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box) -> str:
    return (
        f'<rect x="{_mm(box.left)}" y="{_mm(box.top)}" '
        f'width="{_mm(box.width)}" height="{_mm(box.height)}"/>'
    )


def _marker(marker: Marker) -> str:
    # One path: between squares that are filled one by one a hair of white may be left.
    cell = marker.cell
    squares = (
        f"M{_mm(marker.left + x * cell)} {_mm(marker.top + y * cell)}"
        f"h{_mm(cell)}v{_mm(cell)}h{_mm(-cell)}z"
        for x, y in marker.squares
    )
    return f'<path d="{"".join(squares)}"/>'


def _line(line: Line) -> str:
    dashes = f' stroke-dasharray="{_DASHES}"' if line.is_dashed else ""
    return (
        f'<line x1="{_mm(line.x1)}" y1="{_mm(line.y1)}" x2="{_mm(line.x2)}" y2="{_mm(line.y2)}" '
        f'stroke-width="{line.width}"{dashes}/>'
    )


def _text(text: Text) -> str:
    language = quoteattr("ko" if text.is_korean else "en")
    return (
        f'<text xml:lang={language} x="{_mm(text.left)}" y="{_mm(text.base)}" '
        f'font-size="{text.size}">{escape(text.words)}</text>'
    )


def _mm(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color)
