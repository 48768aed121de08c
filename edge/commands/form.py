"""`python -m edge form`: a page or an envelope with five boxes to print."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_EPILOG = """\
the boxes: 10 mm wide and 12 mm high; print at 100 %, and measure the line of 50 mm
exit code: 0, written; 1, it can't be written; 2, wrong usage
"""


def add_parser(commands: Any) -> None:
    """Add the command's parser to `commands`."""
    parser = commands.add_parser(
        "form",
        help="write a page or an envelope with five boxes to print (PDF or SVG)",
        description="Writes a page or an envelope with five boxes to print and to write on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a name that ends in .pdf or .svg"
    )
    parser.add_argument(
        "--boxes",
        default="red",
        metavar="COLOUR",
        help="red, orange or black (default: %(default)s)",
    )
    parser.add_argument(
        "--size",
        default="a4",
        help="an envelope: dl, c6, c5, c4, no10; or a sheet: a6, a5, a4, letter "
        "(default: %(default)s)",
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--marker",
        action="store_true",
        help="print a marker at each end of a row: it is found however it lies, faint or shadowed",
    )
    shape.add_argument("--joined", action="store_true", help="let neighbours share their wall")
    parser.add_argument(
        "--rows", type=int, default=1, metavar="N", help="of a sheet (default: %(default)s)"
    )
    parser.add_argument(
        "--plain", action="store_true", help="leave the line of 50 mm and its note out"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Write the form."""
    from edge.errors import FormError
    from edge.files import make_folder, publish, staging
    from edge.form import lay_out

    out: Path = options.out
    kind = out.suffix.lower()
    if kind not in (".pdf", ".svg"):
        raise FormError(f"{out}: a form is written as .pdf or .svg; name it so")
    form = lay_out(
        options.size.lower(),
        options.boxes.lower(),
        has_markers=options.marker,
        is_joined=options.joined,
        rows=options.rows,
        has_note=not options.plain,
    )
    if kind == ".pdf":
        from edge.form_pdf import pdf

        content = pdf(form)
    else:
        from edge.form_svg import svg

        content = svg(form).encode()
    make_folder(out.parent)
    with staging(out.parent) as aside:
        staged = aside / out.name
        staged.write_bytes(content)
        publish(staged)
    rows = "1 row" if options.rows == 1 else f"{options.rows} rows"
    print(f"{out}: {rows} of five boxes, {form.width:g} × {form.height:g} mm; print it at 100 %")
    return 0
