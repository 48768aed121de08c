"""What Prometheus is told, in a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds: touch recordings take a few ms, photos up to some seconds.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STAGES = ("receive", "decode", "recognise", "store")


@dataclass(frozen=True)
class Gauges:
    """What is asked for when somebody looks."""

    queue: Callable[[], float]
    """Readings that wait or are being read."""
    listeners: Callable[[], float]
    """Streams that are open."""
    frame_age_s: Callable[[], float]
    """Since the camera's last frame, seconds; NaN where there is none."""
    restarts: Callable[[], float]
    """How often the camera was opened again."""


class Metrics:
    """Counters, histograms and gauges of one kiosk."""

    def __init__(self, gauges: Gauges) -> None:
        self.registry = CollectorRegistry()
        self._readings = Counter(
            "fivebox_readings",
            "Readings by what gave them and how they ended.",
            ("kind", "status"),
            registry=self.registry,
        )
        self._corrections = Counter(
            "fivebox_corrections", "Corrections by a person.", registry=self.registry
        )
        self._not_stored = Counter(
            "fivebox_not_stored", "Readings the journal did not take.", registry=self.registry
        )
        self._stages = Histogram(
            "fivebox_stage_seconds",
            "How long each stage of a reading takes.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        for stage in STAGES:
            # A series that is there from the start can be told from one that was forgotten.
            self._stages.labels(stage)
        for name, help_text, value in (
            ("fivebox_queue", "Readings that wait or are being read.", gauges.queue),
            ("fivebox_listeners", "Streams that are open.", gauges.listeners),
            ("fivebox_frame_age_seconds", "Since the camera's last frame.", gauges.frame_age_s),
        ):
            Gauge(name, help_text, registry=self.registry).set_function(value)
        self.registry.register(_Restarts(gauges.restarts))
        ProcessCollector(registry=self.registry)

    def read(self, kind: str, status: str) -> None:
        """Count a reading."""
        self._readings.labels(kind, status).inc()

    def corrected(self) -> None:
        """Count a correction."""
        self._corrections.inc()

    def not_stored(self) -> None:
        """Count a reading that the journal did not take."""
        self._not_stored.inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of a reading, one of `STAGES`."""
        start = time.perf_counter()
        yield
        self._stages.labels(name).observe(time.perf_counter() - start)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


class _Restarts(Collector):
    def __init__(self, value: Callable[[], float]) -> None:
        self._value = value

    def collect(self) -> Iterator[Metric]:
        """Yield how often the camera was opened again, which the camera itself counts."""
        found = CounterMetricFamily("fivebox_camera_restarts", "Times the camera was reopened.")
        found.add_metric([], self._value())
        yield found
