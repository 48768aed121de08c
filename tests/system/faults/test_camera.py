"""The camera hangs, is unplugged, and sends what is no picture, over and over."""

from __future__ import annotations

import time

import pytest

from tests.system.faults.kiosk import SOAK, Kiosk, Page, envelopes, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

CYCLES = 1000 if SOAK else 8
FPS = 20
# The first frame, and the first envelopes, have so long.
FIRST_S = 8.0
# How long each failure lasts, and how long all is well after it, seconds.
FAILURES = (("unplug", 0.3), ("hang", 0.3), ("garbage", 0.2), ("black", 0.2), ("half", 0.2))
GOOD_S = 0.4 if SOAK else 0.7
SETTINGS = "[camera]\nfirst_s = 5\nframe_s = 0.5\nleast_wait_s = 0.1\nmost_wait_s = 0.2\n"
MOST_GROWTH_MB = 20


def schedule(cycles):
    """Return what `fail=` is to be for so many cycles, and when the last has passed."""
    parts, time_s = [], FIRST_S
    for _ in range(cycles):
        for kind, length_s in FAILURES:
            parts.append(f"{kind}@{time_s:.1f}-{time_s + length_s:.1f}")
            time_s += length_s + GOOD_S
    return ",".join(parts), time_s


def test_it_comes_back_each_time_says_so_and_leaves_nothing_open(tmp_path):
    fail, end_s = schedule(CYCLES)
    photos = envelopes(tmp_path / "photos")
    source = f"replay:{photos}?fps={FPS}&hold=0.4&fail={fail}"
    # So long a line has no room on the command line.
    settings = SETTINGS.replace("[camera]\n", f'[camera]\nsource = "{source}"\n')
    data = tmp_path / "data"
    with Kiosk(data, source="", settings=settings) as kiosk, Page(kiosk) as page:
        until(lambda: kiosk.health()["camera"] == "live", "the first frame")

        # It was opened before, so all failures have passed by then.
        over_s = time.monotonic() + end_s

        def restarts():
            return int(kiosk.metric("fivebox_camera_restarts_total"))

        until(lambda: kiosk.health()["camera"] == "reconnecting", "it is told")
        until(lambda: restarts() >= 2, "it came back twice")
        threads, handles, memory_mb = kiosk.threads(), kiosk.handles(), kiosk.memory_mb()
        time.sleep(max(0.0, over_s - time.monotonic()))
        until(lambda: kiosk.health()["ready"], "it is ready")
        # A machine that has much else to do may miss a short one.
        assert restarts() >= CYCLES
        before = len(page.told("reading"))
        until(lambda: len(page.told("reading")) > before, "it reads on")
        states = page.told("camera")
        assert {"unplugged", "hung"} <= {state["problem"] for state in states}
        assert "camera unplugged: reconnecting" in {state["message"] for state in states}
        assert kiosk.write()[0] == 201
        # The camera's reader of a moment ago may just be ending.
        until(lambda: kiosk.threads() <= threads + 1, "no thread is left")
        until(lambda: kiosk.handles() <= handles + 1, "no handle is left")
        growth_mb = kiosk.memory_mb() - memory_mb
        print(
            f"{CYCLES} cycles, {restarts()} restarts; threads {threads} to {kiosk.threads()}, "
            f"handles {handles} to {kiosk.handles()}, memory {memory_mb:.0f} "
            f"{growth_mb:+.1f} MB; {len(page.told('reading'))} envelopes read"
        )
        assert growth_mb < MOST_GROWTH_MB
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
