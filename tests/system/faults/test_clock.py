"""The wall clock jumps a year, ahead and back, while the kiosk runs."""

from __future__ import annotations

import json
import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.journal import Journal
from tests.conftest import ROOT
from tests.edge.drawing import recording
from tests.system.faults.kiosk import PATIENCE_S, Kiosk, Page, envelopes, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

YEAR_S = 365 * 86_400
CLOCK = Path(__file__).with_name("clock")
# A machine that has much else to do is late with its frames, but not by a year.
PATIENT = "[camera]\nfirst_s = 60\nframe_s = 60\n"
JUMPS_S = (0, YEAR_S, -YEAR_S, 0)


class Clock:
    """The wall clock of a kiosk."""

    def __init__(self, folder):
        self._file = folder / "clock"
        self.environment = {
            "PYTHONPATH": os.pathsep.join([str(CLOCK), str(ROOT)]),
            "FIVEBOX_TEST_CLOCK": str(self._file),
        }
        self.jump(0)

    def jump(self, off_s, is_right=True):
        """Let it be off by so much from now on."""
        aside = self._file.with_suffix(".new")
        aside.write_text(f"{off_s} {'right' if is_right else 'unknown'}", "ascii")
        aside.replace(self._file)


@pytest.fixture
def clock(tmp_path):
    """Return a clock that can jump."""
    return Clock(tmp_path)


def test_no_time_out_misfires_and_each_row_says_what_the_clock_was(tmp_path, clock):
    source = f"replay:{envelopes(tmp_path / 'photos')}?fps=10&hold=0.5"
    rows = []
    data = tmp_path / "data"
    with (
        Kiosk(data, source=source, settings=PATIENT, **clock.environment) as kiosk,
        Page(kiosk) as page,
    ):
        until(lambda: kiosk.health()["ready"], "the first frame")
        for off_s in JUMPS_S:
            with slow_body(kiosk) as rest:
                clock.jump(off_s, is_right=off_s == 0)
                # A request that began before the jump is answered after it.
                assert rest().startswith("HTTP/1.1 201 ")
            status, read = kiosk.write()
            assert status == 201
            rows.append((read["id"], off_s))
            health = kiosk.health()
            assert health["camera"] == "live"
            assert health["frame_age_s"] < 60
            seen = len(page.told("reading"))
            until(lambda seen=seen: len(page.told("reading")) > seen, "the camera reads on")
        assert kiosk.metric("fivebox_camera_restarts_total") == 0
        assert {state["problem"] for state in page.told("camera")} <= {None}
        clock.jump(YEAR_S, is_right=False)
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
    # A year later, as far as the clock tells, nothing is too old at the next start.
    with Kiosk(data, **clock.environment) as kiosk:
        rows.append((kiosk.write()[1]["id"], YEAR_S))
        assert kiosk.end() == 0
    with Journal(data / "journal.db", read_only=True) as journal:
        entries = {entry.id: entry for entry in journal.entries(limit=10_000)}
    found = [entries[id] for id, _ in rows]
    for entry, (_, off_s) in zip(found, rows, strict=True):
        told = datetime.now(UTC) + timedelta(seconds=off_s)
        assert abs(entry.taken_at - told) < timedelta(hours=1)
        assert entry.clock_is_right == (off_s == 0)
    # The other clock knows the order.
    assert [entry.number for entry in found] == sorted(entry.number for entry in found)
    assert [entry.uptime_s for entry in found] == sorted(entry.uptime_s for entry in found)
    assert len({entry.boot_id for entry in found}) == 1
    print(f"{len(JUMPS_S)} jumps, {len(entries)} rows kept")


class slow_body:  # noqa: N801
    """A recording of which the second half comes when its result is called."""

    def __init__(self, kiosk):
        self._body = json.dumps(recording("04524")).encode()
        self._stream = socket.create_connection(("127.0.0.1", kiosk.port), timeout=PATIENCE_S)

    def __enter__(self):
        head = (
            "POST /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body)}\r\n\r\n"
        )
        self._middle = len(self._body) // 2
        self._stream.sendall(head.encode() + self._body[: self._middle])
        return self._rest

    def _rest(self):
        # Long enough for a time-out that looks at the wrong clock to see it.
        time.sleep(0.5)
        self._stream.sendall(self._body[self._middle :])
        return self._stream.recv(4096).decode("latin-1")

    def __exit__(self, *_):
        self._stream.close()
