"""The camera at 30 frames a second and somebody who writes, for a long time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.system.faults.kiosk import SOAK, Clients, Kiosk, Page, envelopes, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

WARM_UP_S, RUN_S = (300, 3600) if SOAK else (30, 270)
# A machine that has much else to do is late with its frames.
PATIENT = "[camera]\nframe_s = 30\n"
# Of memory over the run after the warm-up; a short one sees its noise.
MOST_GROWTH_MB = 2.0 if SOAK else 4.0
STEP_S = 0.5
# An answer may be so much slower in the second half than in the first, and wait as often for a
# processor as a sleeper waits once.
MOST_SLOWER, MOST_WAITS = 1.5, 10


def test_memory_stays_and_answers_stay_as_quick(tmp_path):
    source = f"replay:{envelopes(tmp_path / 'photos')}?fps=30&hold=1"
    memory_mb, late_ms = [], []
    with Kiosk(tmp_path / "data", source=source, settings=PATIENT) as kiosk, Page(kiosk) as page:
        until(lambda: kiosk.health()["ready"], "the first frame")
        with Clients(kiosk, count=1, pause_s=0.2) as clients:
            time.sleep(WARM_UP_S)
            warm = len(clients.latencies_s)
            threads, handles = kiosk.threads(), kiosk.handles()
            deadline = time.monotonic() + RUN_S
            while time.monotonic() < deadline:
                asleep_s = time.monotonic()
                time.sleep(STEP_S)
                late_ms.append(1000 * (time.monotonic() - asleep_s - STEP_S))
                memory_mb.append(kiosk.memory_mb())
            latencies_ms = 1000 * np.array(clients.latencies_s[warm:])
            assert kiosk.threads() <= threads + 1
            assert kiosk.handles() <= handles + 2
        assert clients.refused == []
        assert kiosk.health()["camera"] == "live"
        assert kiosk.metric("fivebox_camera_restarts_total") == 0
        count = len(page.told("reading"))
        # How it is at both ends, without the peaks that a photo in flight makes.
        part = max(1, len(memory_mb) // 5)
        growth_mb = float(np.median(memory_mb[-part:]) - np.median(memory_mb[:part]))
        halves = np.array_split(latencies_ms, 2)
        (p99, *_), (late_p99, *_) = (np.percentile(half, [99, 50]) for half in halves)
        busy_ms = np.percentile(late_ms[len(late_ms) // 2 :], 99)
        print(
            f"{RUN_S} s after {WARM_UP_S} s: memory {np.median(memory_mb[:part]):.1f} "
            f"{growth_mb:+.2f} MB; {len(latencies_ms)} written readings, p50 "
            f"{np.percentile(latencies_ms, 50):.1f} ms, p99 {p99:.1f} ms in the first half and "
            f"{late_p99:.1f} ms in the second, where a sleeper woke up to {busy_ms:.1f} ms late; "
            f"{count} readings told"
        )
        assert growth_mb < MOST_GROWTH_MB
        assert late_p99 < MOST_SLOWER * p99 + MOST_WAITS * busy_ms
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
