"""`python -m edge doctor`: is everything there that a kiosk needs?"""

from __future__ import annotations

import argparse
from typing import Any

from edge.commands.reader import add_config


def add_parser(commands: Any) -> None:
    """Add the command's parser to `commands`."""
    parser = commands.add_parser(
        "doctor",
        help="look whether everything works, and say how to mend what doesn't",
        description="Looks at settings, packages, model, runtime, camera, disk, clock, heat and "
        "display, and says what is wrong and how to mend it.",
        epilog="exit code: 0, nothing failed, though there may be warnings; 1, something did",
    )
    add_config(parser)
    parser.add_argument(
        "--source", metavar="URI", help="look for this camera instead of the one that is set"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Print what is found, a line each, as soon as it is known."""
    import json
    from dataclasses import asdict

    from edge.doctor.examine import examine
    from edge.doctor.finding import worst

    findings = []
    for finding in examine(options.config, source=options.source):
        findings.append(finding)
        if not options.json:
            mend = f"; {finding.mend}" if finding.mend else ""
            print(f"{finding.state:4}  {finding.name:9}  {finding.message}{mend}", flush=True)
    state = worst(findings)
    if options.json:
        print(json.dumps({"state": state, "findings": list(map(asdict, findings))}, indent=2))
    return 1 if state == "fail" else 0
