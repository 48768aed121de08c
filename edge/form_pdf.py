"""Writes a form as PDF, with ReportLab."""

from __future__ import annotations

import importlib
import io
from typing import Any

from edge.errors import PackageMissingError
from edge.form import BLACK, LINE_WIDTH, Form

# Points of 1/72 inch, PDF's unit.
_PT = 72 / 25.4
_LATIN = "Helvetica"
# One of the Korean fonts that PDF viewers know by name: nothing is embedded.
_KOREAN = "HYGothic-Medium"


def pdf(form: Form) -> bytes:
    """Return the content of a PDF file of one page, the same for the same form.

    It asks the viewer not to scale the page when it prints.

    Raises:
        PackageMissingError: ReportLab is not installed.
    """
    canvas_class, fonts, korean = _reportlab()
    fonts.registerFont(korean(_KOREAN))
    content = io.BytesIO()
    canvas = canvas_class(
        content, (form.width * _PT, form.height * _PT), invariant=1, pageCompression=1
    )
    canvas.setTitle("Five boxes for a postcode")
    canvas.setCreator("fivebox")
    canvas.setViewerPreference("PrintScaling", "None")
    # From here on as in `form`: millimetres, y down.
    canvas.transform(_PT, 0, 0, -_PT, 0, form.height * _PT)
    _draw(canvas, form)
    canvas.save()
    return content.getvalue()


def _draw(canvas: Any, form: Form) -> None:
    canvas.setLineWidth(LINE_WIDTH)
    canvas.setStrokeColorRGB(*form.color)
    for row in form.rows:
        for box in row:
            canvas.rect(box.left, box.top, box.width, box.height, stroke=1, fill=0)
    canvas.setFillColorRGB(*BLACK)
    canvas.setStrokeColorRGB(*BLACK)
    for marker in form.markers:
        # One path: between squares that are filled one by one a hair of white may be left.
        path = canvas.beginPath()
        for x, y in marker.squares:
            left, top = marker.left + x * marker.cell, marker.top + y * marker.cell
            path.rect(left, top, marker.cell, marker.cell)
        canvas.drawPath(path, stroke=0, fill=1)
    for line in form.lines:
        canvas.setLineWidth(line.width)
        canvas.setDash([2, 1.5] if line.is_dashed else [])
        canvas.line(line.x1, line.y1, line.x2, line.y2)
    for text in form.texts:
        canvas.saveState()
        # Letters stand upright only where y goes up.
        canvas.transform(1, 0, 0, -1, text.left, text.base)
        canvas.setFont(_KOREAN if text.is_korean else _LATIN, text.size)
        canvas.drawString(0, 0, text.words)
        canvas.restoreState()


def _reportlab() -> tuple[Any, Any, Any]:
    """Return the canvas' class, the register of fonts, and the class of Korean ones."""
    try:
        canvas = importlib.import_module("reportlab.pdfgen.canvas").Canvas
        fonts = importlib.import_module("reportlab.pdfbase.pdfmetrics")
        korean = importlib.import_module("reportlab.pdfbase.cidfonts").UnicodeCIDFont
    except ImportError as error:
        raise PackageMissingError(
            "a PDF needs the package reportlab, which is not installed; run: "
            "pip install 'fivebox[print]', or write an SVG: --out form.svg"
        ) from error
    return canvas, fonts, korean
