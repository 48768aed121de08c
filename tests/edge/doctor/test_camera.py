from __future__ import annotations

import socket

import pytest

from edge.doctor.camera import Devices, Frame, as_frame, check_camera, try_frame, try_picamera
from edge.doctor.child import Ended
from edge.doctor.sensors import connects

HERE = Devices({"/dev/video0": True, "/dev/video2": True}, "video", "kiosk", ("video",))
DENIED = Devices({"/dev/video0": False}, "video", "kiosk", ("users",))
ONE = Frame(1)


def check(source, devices=HERE, picamera=ONE, frame=None, reaches=""):
    return check_camera(
        source, devices, lambda: picamera, lambda _: frame, lambda host, port: reaches
    )


@pytest.mark.parametrize(
    "source",
    ["picamera:0", "picamera:0?width=1640", "webcam:0", "webcam:2?fps=30", "/dev/video2",
     "webcam:/dev/video2", "rtsp://10.0.0.9/live"],
)  # fmt: skip
def test_a_camera_that_is_there_is_well(source):
    found = check(source)
    assert found.state == "ok"
    assert "is there" in found.message


def test_a_camera_that_sends_a_frame_is_told_with_its_size():
    found = check("webcam:0", frame=Frame(1640, 1232))
    assert (found.state, found.message) == ("ok", "webcam:0 sends 1640 × 1232 px")


@pytest.mark.parametrize(
    ("picamera", "told", "mend"),
    [
        (
            Frame(kind="ModuleNotFoundError", problem="No module named 'picamera2'"),
            "picamera2 is not installed",
            "sudo apt install python3-picamera2",
        ),
        (
            Frame(kind="ValueError", problem="numpy.dtype size changed, may indicate"),
            "another NumPy",
            "pip uninstall numpy",
        ),
        (
            Frame(kind="ModuleNotFoundError", problem="No module named 'libcamera'"),
            "picamera2 fails (No module named 'libcamera')",
            "--system-site-packages",
        ),
        (Frame(kind="Ended", problem="the camera's driver hangs"), "driver hangs", "apt"),
        (Frame(0), "no camera is connected", "ribbon cable"),
    ],
)
def test_a_pi_camera_that_can_not_be_used_is_told(picamera, told, mend):
    found = check("picamera:0", picamera=picamera)
    assert found.state == "fail"
    assert told in found.message
    assert mend in found.mend


def test_a_pi_camera_that_this_user_may_not_use_is_told():
    found = check("picamera:0", devices=DENIED, picamera=Frame(0))
    assert found.message == "kiosk may not use /dev/video0"
    assert "usermod -aG video kiosk" in found.mend


def test_a_webcam_that_is_not_there_is_told_with_those_that_are():
    found = check("webcam:1")
    assert found.state == "fail"
    assert found.message == "/dev/video1 isn't there; there are /dev/video0, /dev/video2"
    assert check("webcam:1", devices=Devices()).message.endswith("nor any other webcam")


def test_a_webcam_that_this_user_may_not_use_is_told_with_its_group():
    found = check("webcam:0", devices=DENIED)
    assert found.state == "fail"
    assert found.mend == "sudo usermod -aG video kiosk, and log in again"
    in_group = Devices({"/dev/video0": False}, "video", "kiosk", ("video",))
    assert "ls -l" in check("webcam:0", devices=in_group).mend


def test_a_camera_in_the_network_that_can_not_be_reached_is_told_without_its_password():
    found = check("rtsp://viewer:geheim@10.0.0.9/live", reaches="Connection refused")
    assert found.state == "fail"
    assert found.message == "10.0.0.9:554 can't be reached (Connection refused)"
    for source in ("rtsp:///live", "http://[::1", "https://host:port/"):
        assert "is no address" in check(source).message
    assert "geheim" not in check("rtsp://viewer:geheim@10.0.0.9/live").message


def test_files_and_folders_stand_in_for_a_camera(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    for source in (
        tmp_path, tmp_path / "a.jpg", f"replay:{tmp_path}?fps=30&fail=hang@5s",
        f"file:{tmp_path}/a.jpg",
    ):  # fmt: skip
        assert check(str(source)).state == "ok"
    for source in (tmp_path / "b.jpg", f"replay:{tmp_path}/b", "", "webcams:0"):
        found = check(str(source))
        assert found.state == "fail"
        assert "can't be opened" in found.message


def test_a_camera_that_another_program_uses_is_a_warning():
    found = check("webcam:0", frame=Frame(kind="SourceBusyError", problem="it is busy"))
    assert found.state == "warn"
    assert "in use" in found.message


def test_a_camera_that_fails_is_told_in_its_own_words():
    found = check("webcam:0", frame=Frame(kind="SourceHungError", problem="it sends no frames"))
    assert (found.state, found.message) == ("fail", "it sends no frames")


@pytest.mark.parametrize(
    ("ended", "wanted"),
    [
        (Ended(0, "[640, 480, '', '']".replace("'", '"'), ""), Frame(640, 480)),
        (Ended(0, "hello\nnull\n", ""), None),
        (Ended(-11, "", ""), Frame(kind="Ended", problem="the camera's driver dies by SIGSEGV")),
        (Ended(None, "", ""), Frame(kind="Ended", problem="the camera's driver hangs")),
        (Ended(0, "", ""), Frame(kind="Ended", problem="the camera's driver says ''")),
    ],
)
def test_what_a_process_has_said_is_understood(ended, wanted):
    assert as_frame(ended) == wanted


FAKE = """
class Picamera2:
    @staticmethod
    def global_camera_info():
        return [{"Model": "imx708"}]
"""


def test_picamera2_is_asked_for_its_cameras_in_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "picamera2.py").write_text(FAKE)
    assert try_picamera() == Frame(1)
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")
    assert try_picamera().kind == "ValueError"
    (tmp_path / "picamera2.py").write_text("import os; os.abort()")
    assert "dies by SIGABRT" in try_picamera().problem
    (tmp_path / "picamera2.py").write_text("import time; time.sleep(60)")
    assert "hangs" in try_picamera(2.0).problem


def test_a_file_is_opened_and_a_frame_taken_where_sources_can_be_opened():
    from edge import sources

    found = try_frame("samples/korean-red.jpg")
    if hasattr(sources, "open_source"):
        assert found == Frame(1440, 1080)
        assert try_frame("samples/nothing.jpg").kind == "SourceMissingError"
    else:
        assert found is None


def test_a_port_is_reached_or_told_why_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert connects("127.0.0.1", port) == ""
    assert "refused" in connects("127.0.0.1", port)
    assert connects("no-such-host.invalid", 80)
