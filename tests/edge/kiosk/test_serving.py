from __future__ import annotations

import gc
import signal
import socket
import threading
import time

import pytest

from edge.errors import KioskError
from edge.kiosk.memory import keep_small
from edge.kiosk.serving import Server, config, listen, serve
from edge.kiosk.settings import Settings
from tests.edge.drawing import recording
from tests.edge.kiosk.conftest import FakeLive
from tests.edge.kiosk.served import serving, until

READINGS = "/api/v1/readings"


def test_answers_do_not_wait_for_one_another(make_app):
    # asyncio only turns Nagle's algorithm off where the socket says that it is TCP.
    with serving(make_app()) as served:
        served.get("/health").recv(1000)
        gc.collect()
        mine = [
            each
            for each in gc.get_objects()
            if isinstance(each, socket.socket)
            and each.fileno() >= 0
            and each.getsockname()[1:2] == (served.port,)
        ]
        (accepted,) = [each for each in mine if _peer(each)]
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def _peer(sock):
    try:
        return sock.getpeername()
    except OSError:
        return None


def test_the_kernel_keeps_no_seconds_of_film_for_a_slow_client():
    with listen(Settings(port=0)) as listening:
        client = socket.create_connection(listening.getsockname())
        accepted, _ = listening.accept()
        with client, accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 300_000


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_it_listens_where_it_is_told(host):
    try:
        listening = listen(Settings(host=host, port=0))
    except KioskError as error:
        if host == "::1" and "address" in str(error).lower():
            pytest.skip("this machine has no IPv6")
        raise
    with listening:
        assert listening.getsockname()[1] > 0


def test_a_place_that_is_taken_is_one_sentence():
    with listen(Settings(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(KioskError, match=f"127.0.0.1:{port}"):
            listen(Settings(port=port))


def test_told_twice_to_end_it_still_lets_the_camera_go(make_app):
    app = make_app(make_live=FakeLive)
    listening = listen(Settings(port=0))
    servers = []

    class Impatient(Server):
        def __init__(self, *chosen):
            super().__init__(*chosen)
            servers.append(self)

        async def shutdown(self, sockets=None):
            raise RuntimeError("killed in the middle")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edge.kiosk.serving.Server", Impatient)
        failed = []

        def run():
            try:
                serve(app, listening)
            except RuntimeError as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: servers and servers[0].started)
        camera = app.state.kiosk.live
        assert camera.is_running
        servers[0].should_exit = True
        thread.join(10)
    assert failed
    assert not camera.is_running
    assert listening.fileno() == -1


def test_signals_end_the_server_and_are_then_as_before(make_app):
    server = Server(config(make_app()))
    before = signal.getsignal(signal.SIGTERM)
    with server.capture_signals():
        signal.raise_signal(signal.SIGTERM)
        assert server.should_exit
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_is_being_read_when_it_ends_is_still_answered(make_app, monkeypatch):
    app = make_app()
    kiosk = app.state.kiosk
    began, read = threading.Event(), kiosk.recognizer.observe_strokes

    def slow(recording):
        began.set()
        time.sleep(0.5)
        return read(recording)

    monkeypatch.setattr(kiosk.recognizer, "observe_strokes", slow)
    answers = []
    with serving(app) as served:
        asking = threading.Thread(
            target=lambda: answers.append(
                served.ask("POST", "/api/v1/readings", recording("04524"))
            )
        )
        asking.start()
        assert began.wait(10)
        served.stop()
        asking.join(10)
    ((status, made),) = answers
    assert (status, made["postcode"]) == (201, "04524")


def test_memory_settings_are_harmless_wherever_they_are_made(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    keep_small()
    keep_small()
    monkeypatch.setattr("ctypes.CDLL", lambda _name: object())
    keep_small()
