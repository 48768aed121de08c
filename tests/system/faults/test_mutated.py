"""Thousands of requests, recordings and images that were changed."""

from __future__ import annotations

import collections
import contextlib
import http.client
import re
import socket

import pytest

from tests.system.faults import mutations
from tests.system.faults.kiosk import PATIENCE_S, SOAK, Kiosk

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

# Of each kind.
COUNT = 3400 if SOAK else 170
# Seeds that once showed a fault are read each time.
KEPT = {"recordings": (), "images": (), "requests": ()}
WARM_UP = 40
MOST_GROWTH_MB = 40


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    """Return a kiosk without a camera, for all of them."""
    with Kiosk(tmp_path_factory.mktemp("mutated") / "data") as kiosk:
        yield kiosk
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said


def seeds(kind):
    return [*KEPT[kind], *range(COUNT)]


def see(kiosk, kind, send):
    """Send everything of a kind, and see that the kiosk stays as it is."""
    answers = collections.Counter()
    memory_mb = handles = None
    for number, seed in enumerate(seeds(kind)):
        if number == WARM_UP:
            memory_mb, handles = kiosk.memory_mb(), kiosk.handles()
        status = send(seed)
        assert kiosk.is_running, f"{kind} {seed}: the kiosk has ended"
        assert status is None or status < 500, f"{kind} {seed}: {status}"
        answers[status] += 1
    growth_mb = kiosk.memory_mb() - memory_mb
    print(f"{kind}: {dict(answers)}; memory {memory_mb:.0f} {growth_mb:+.1f} MB")
    assert growth_mb < MOST_GROWTH_MB
    assert kiosk.handles() <= handles + 5
    assert kiosk.write()[0] == 201
    return answers


@pytest.mark.parametrize("kind", ["recordings", "images"])
def test_whatever_was_sent_is_answered(kiosk, kind):
    def send(seed):
        media_type, body = getattr(mutations, kind)(seed)
        asking = http.client.HTTPConnection("127.0.0.1", kiosk.port, timeout=PATIENCE_S)
        with contextlib.closing(asking):
            headers = {"Content-Type": media_type}
            asking.request("POST", "/api/v1/readings", body, headers)
            return asking.getresponse().status

    answers = see(kiosk, kind, send)
    assert None not in answers
    # Some are still what they were, and some are not.
    assert answers[201] > 0
    assert answers[422] > 0


def test_whatever_was_asked_is_answered_or_hung_up_on(kiosk):
    def send(seed):
        with socket.create_connection(("127.0.0.1", kiosk.port), timeout=PATIENCE_S) as stream:
            answer = b""
            with contextlib.suppress(ConnectionError):
                stream.sendall(mutations.requests(seed))
                # Whoever waits for more gets no more.
                stream.shutdown(socket.SHUT_WR)
                while part := stream.recv(65536):
                    answer += part
            found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
            return int(found[1]) if found else None

    answers = see(kiosk, "requests", send)
    assert answers[200] > 0
    assert answers[400] > 0
