"""`python -m edge pad`: the textbook's window, five boxes to write in."""

from __future__ import annotations

import argparse

from edge.commands.reader import add_reader, load_config, make_recognizer


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "pad",
        help="open a window with five boxes to write in",
        description="Opens a window with five red boxes to write in with mouse, stylus or "
        "finger. Keys: e erases, s shows what the model sees, r recognises, q or Esc leaves; the "
        "words at the top do the same when they are tapped.",
        epilog="exit code: 0, the window was left; 1, none can be opened; 2, wrong usage",
    )
    parser.add_argument(
        "--scale",
        type=_scale,
        default=1.0,
        help="how many pixels of the screen for each of the canvas's 520×200, 0.5 to 8 "
        "(default: %(default)g)",
    )
    parser.add_argument("--fullscreen", action="store_true", help="take all of the screen")
    parser.add_argument("--mute", action="store_true", help="make no sound")
    add_reader(parser)
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Open the window and return when it is left."""
    from edge.screen import check_screen

    check_screen()
    from edge.beep import Beeper
    from edge.padwindow import PadWindow

    is_mute = options.mute or not load_config(options).kiosk.sound
    recognizer = make_recognizer(options)
    with Beeper(is_mute) as beeper:
        PadWindow(recognizer, beeper, options.scale, options.fullscreen).run()
    return 0


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0.5 <= scale <= 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.5 to 8")
    return scale
