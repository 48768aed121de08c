"""picamera2 as far as it is used, as strict as it is: the order of calls, and who owns a request.

Written after picamera2 0.3's own request.py, job.py and picamera2.py.
"""

from __future__ import annotations

import threading
import time
from types import ModuleType, SimpleNamespace

import numpy as np

CONTROLS = (
    "FrameDurationLimits",
    "AfMode",
    "AfRange",
    "AeExposureMode",
    "AeConstraintMode",
    "AeMeteringMode",
)
# Lines are filled up to a multiple of so many bytes.
_ALIGNED = 64


def enum(*names):
    return SimpleNamespace(**{name: f"{names[0]}.{name}" for name in names})


class World:
    """The machine: what is plugged in, who has it, and everything that was opened."""

    def __init__(self, cameras=1, frame_s=0.005, controls=CONTROLS):
        self.cameras, self.frame_s, self.controls = cameras, frame_s, controls
        self.opened = []
        self.owner = None
        # An exception to be raised, by the name of the call.
        self.fails = {}
        self.is_hung = False
        self.imported = True

    def modules(self):
        world = self

        class Bound(Picamera2):
            def __init__(self, camera_num=0):
                super().__init__(world, camera_num)

            @staticmethod
            def global_camera_info():
                world.fail("global_camera_info")
                return [{"Num": n, "Model": "imx708"} for n in range(world.cameras)]

        picamera2 = ModuleType("picamera2")
        picamera2.Picamera2 = Bound
        libcamera = ModuleType("libcamera")
        libcamera.controls = SimpleNamespace(
            AfModeEnum=enum("Continuous", "Manual"),
            AfRangeEnum=enum("Macro", "Normal"),
            AeExposureModeEnum=enum("Short", "Normal"),
            AeConstraintModeEnum=enum("Highlight", "Normal"),
            AeMeteringModeEnum=enum("CentreWeighted", "Spot"),
        )
        libcamera.Transform = lambda hflip=0, vflip=0: ("turned", hflip, vflip)
        return {"picamera2": picamera2, "libcamera": libcamera}

    def fail(self, name):
        error = self.fails.get(name)
        if error is not None:
            raise error


class Picamera2:
    def __init__(self, world, number):
        self.world = world
        self.started = self.closed = self.configured = False
        self.config = None
        self.held = set()
        self.most_held = 0
        self.asked = 0
        self.jobs = []
        self.camera_controls = dict.fromkeys(world.controls, (0, 1, 0))
        if world.owner is not None:
            try:
                raise RuntimeError("Failed to acquire camera: Device or resource busy")
            except RuntimeError:
                # As picamera2 hides it.
                raise RuntimeError("Camera __init__ sequence did not complete.") from None
        if not 0 <= number < world.cameras:
            raise IndexError("list index out of range")
        world.fail("open")
        world.owner = self
        world.opened.append(self)

    def create_video_configuration(
        self, main, lores=None, transform=None, controls=None, buffer_count=6, queue=True
    ):
        self._usable()
        unknown = set(controls or {}) - set(self.camera_controls)
        if unknown:
            raise RuntimeError(f"Control {unknown.pop()} is not advertised by libcamera")
        if lores is not None:
            if lores["format"] != "YUV420":
                raise RuntimeError("lores stream must be YUV")
            if lores["size"][0] > main["size"][0] or lores["size"][1] > main["size"][1]:
                raise RuntimeError("lores stream dimensions may not exceed main stream")
            if lores["size"][0] % 2 or lores["size"][1] % 2:
                raise RuntimeError("lores dimensions must be even")
        return {
            "main": main,
            "lores": lores,
            "transform": transform,
            "controls": dict(controls or {}),
            "buffer_count": buffer_count,
            "queue": queue,
        }

    def configure(self, config):
        self._usable()
        self.world.fail("configure")
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        self.config, self.configured = config, True

    def start(self):
        self._usable()
        self.world.fail("start")
        if not self.configured:
            raise RuntimeError("Camera has not been configured")
        if self.started:
            raise RuntimeError("Camera already started")
        self.started = True

    def capture_request(self, wait=None, signal_function=None, flush=None):
        self._usable()
        if wait is not False:
            raise AssertionError("a request that is waited for can't be given up")
        if not self.started:
            raise RuntimeError("Camera is not started")
        self.world.fail("capture_request")
        job = Job(self)
        self.jobs.append(job)
        return job

    def stop(self):
        self._usable()
        self.world.fail("stop")
        self.started = False

    def close(self):
        # picamera2 may be closed twice.
        if not self.closed:
            self.closed, self.started = True, False
            self.world.owner = None

    def _usable(self):
        if self.closed:
            raise RuntimeError("Camera is closed")


class Job:
    def __init__(self, camera):
        self.camera = camera
        self.due_s = time.monotonic() + camera.world.frame_s
        self.request = None
        self.taken = False
        self.running_dry = threading.Event()

    def get_result(self, timeout=None):
        world = self.camera.world
        wait_s = self.due_s - time.monotonic()
        if world.is_hung or (timeout is not None and wait_s > timeout) or not self._has_buffer():
            if timeout is None:
                raise AssertionError("a read without a time-out hangs for ever")
            self.running_dry.wait(min(timeout, 0.01 if world.is_hung else timeout))
            raise TimeoutError
        time.sleep(max(0.0, wait_s))
        world.fail("get_result")
        if self.request is None:
            self.camera.asked += 1
            self.request = Request(self.camera)
        return self.request

    def _has_buffer(self):
        return len(self.camera.held) < self.camera.config["buffer_count"] - 1


class Request:
    def __init__(self, camera):
        self.camera, self.references = camera, 1
        self.number = camera.asked
        camera.held.add(self)
        camera.most_held = max(camera.most_held, len(camera.held))

    def make_array(self, name):
        if self.references <= 0:
            raise AssertionError("the request was used after it was released")
        self.camera.world.fail(f"make_array {name}")
        stream = self.camera.config[name]
        if stream is None:
            raise RuntimeError(f"Stream {name!r} is not defined")
        width, height = stream["size"]
        level = (self.number * 10) % 256
        if stream["format"] == "RGB888":
            frame = np.full((height, width, 3), level, np.uint8)
            # Blue, green, red, as OpenCV has it.
            frame[: height // 2, : width // 2] = (255, 0, 0)
            return frame
        if stream["format"] == "YUV420":
            stride = -(-width // _ALIGNED) * _ALIGNED
            planes = np.full((height * 3 // 2, stride), 128, np.uint8)
            planes[:height] = 77
            planes[:height, width:] = 255
            return planes
        raise RuntimeError(f"Format {stream['format']} not supported")

    def get_metadata(self):
        if self.references <= 0:
            raise AssertionError("the request was used after it was released")
        return {"SensorTimestamp": time.monotonic_ns()}

    def release(self):
        self.references -= 1
        if self.references < 0:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self.camera.held.discard(self)
