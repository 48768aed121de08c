"""A camera in the network: an HTTP server on this machine that sends MJPEG."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np


@contextlib.contextmanager
def mjpeg_server(status=200, size=(64, 48), most=10_000, rate=100.0):
    """Serve frames that grow lighter; yield the address and an event that cuts them off."""
    cut = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            with contextlib.suppress(OSError):
                for k in range(most if status == 200 else 0):
                    if cut.is_set():
                        return
                    image = np.full((size[1], size[0], 3), 20 + k % 200, np.uint8)
                    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
                    self.wfile.write(
                        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: "
                        + str(len(jpeg)).encode()
                        + b"\r\n\r\n"
                        + jpeg
                        + b"\r\n"
                    )
                    time.sleep(1 / rate)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/video.mjpg", cut
    finally:
        cut.set()
        server.shutdown()
        server.server_close()
        thread.join()
