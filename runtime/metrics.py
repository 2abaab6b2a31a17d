"""Every metric of every process, in one place; docs/operations.md tells what each is for.

They cost a few microseconds each whether somebody asks for them or not. What lies in Redis is looked up when it is
asked for: `gateway/waiting.py` and `jobs/waiting.py`.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics_core import GaugeMetricFamily

from runtime.version import VERSION

SECONDS: Final = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128)

FRAMES = Counter("thespis_frames", "Live frames, by what they were answered with", ["outcome", "reason"])
SESSIONS = Gauge("thespis_sessions", "Open live sessions")
STAGE_SECONDS = Histogram("thespis_stage_seconds", "Time of a frame in each stage", ["stage"], buckets=SECONDS)
BATCH_SIZE = Histogram("thespis_batch_size", "Frames or crops that were taken at once", ["stage"], buckets=SIZES)
MEMBER_SECONDS = Histogram("thespis_member_seconds", "Time of one Predict", ["member"], buckets=SECONDS)
MEMBER_FAILURES = Counter("thespis_member_failures", "Predicts without a usable answer", ["member", "reason"])
BREAKER_OPEN = Gauge("thespis_breaker_open", "Whether a member is skipped because it failed", ["member"])
CANARY_FACES = Counter("thespis_canary_faces", "Faces that a canary read too", ["member", "agreed"])
SEGMENTS = Counter("thespis_segments", "Segments of videos, by how work on them ended", ["outcome"])
BUILD_INFO = Gauge("thespis_build_info", "1, with what runs here", ["version"])

BUILD_INFO.labels(VERSION).set(1)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, for no reader


def queue_length() -> GaugeMetricFamily:
    """To be filled by whoever looks into Redis."""
    return GaugeMetricFamily("thespis_queue_length", "Entries that wait", labels=["queue"])


def queue_oldest() -> GaugeMetricFamily:
    return GaugeMetricFamily("thespis_queue_oldest_seconds", "Age of the entry that is next", labels=["queue"])


def jobs_by_state() -> GaugeMetricFamily:
    return GaugeMetricFamily("thespis_jobs", "Jobs, by their state", labels=["state"])
