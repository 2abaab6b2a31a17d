"""One connected trace of a frame and of a job, through every process, to a real collector."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.protocol import SessionCreated
from runtime.otlp import Tracing
from tests.integration.job_client import JobClient
from tests.integration.live_session import live_session
from tests.integration.trace_collector import Collector, Span, trace_collector
from tests.platform_process import Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with trace_collector() as running:
        yield running


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Platform]:
    with Platform(
        tmp_path_factory.mktemp("traces") / "up.log",
        THESPIS_TRACES_ENDPOINT=collector.url,
        THESPIS_TRACES_SHARE="1",
        OTEL_BSP_SCHEDULE_DELAY="100",  # ms between sends; the SDK's own default is five seconds
    ) as platform:
        yield platform


def connected(spans: list[Span]) -> bool:
    """Whether every span but the first has its parent in the same trace."""
    ids = {span.id for span in spans}
    return sum(not span.parent for span in spans) == 1 and all(span.parent in ids for span in spans if span.parent)


def by_name(spans: list[Span], name: str) -> list[Span]:
    return [span for span in spans if span.name == name]


async def test_a_frame_leaves_one_connected_trace(traced: Platform, collector: Collector, jpeg: bytes) -> None:
    async with live_session(traced.url) as session:
        created = session.messages[0]
        assert isinstance(created, SessionCreated)
        await session.result(jpeg)
        result = await session.result(jpeg)
        frame_id = result.frame_id
    members = len(result.members.used)

    def whole() -> list[list[Span]]:
        return [
            spans
            for spans in collector.traces("frame")
            if by_name(spans, "frame")[0].attributes["frame_id"] == frame_id
            and len(by_name(spans, "serve_predict")) == members
            and connected(spans)
        ]

    wait_until(whole)
    (spans,) = whole()
    (frame,) = by_name(spans, "frame")
    (detect,) = by_name(spans, "detect_faces")
    (classify,) = by_name(spans, "classify_faces")
    predicts = by_name(spans, "Predict")
    assert detect.parent == frame.id
    assert detect.attributes == {"session_id": created.session_id, "frame_id": frame_id}
    assert classify.parent == detect.id
    assert {span.parent for span in predicts} == {classify.id}
    assert {span.attributes["member"] for span in predicts} == set(result.members.used)
    assert {span.parent for span in by_name(spans, "serve_predict")} == {span.id for span in predicts}
    assert [span.service for span in (frame, detect, classify)] == [
        "thespis.gateway", "thespis.detector_worker", "thespis.ensemble_worker",
    ]  # fmt: skip
    assert frame.start_ns <= detect.start_ns <= classify.start_ns <= classify.end_ns <= frame.end_ns


def test_a_picture_leaves_one_connected_trace(traced: Platform, collector: Collector, jpeg: bytes) -> None:
    assert httpx.post(f"{traced.url}/v1/images", content=jpeg, trust_env=False).status_code == 200
    names = {"picture", "detect_faces", "classify_faces", "Predict", "serve_predict"}

    def whole() -> list[list[Span]]:
        traces = collector.traces("picture")
        return [spans for spans in traces if connected(spans) and {span.name for span in spans} >= names]

    wait_until(whole)
    assert len(collector.traces("picture")) == 1


def test_a_job_leaves_one_connected_trace_through_its_segments(
    traced: Platform, collector: Collector, frames: list[bytes], tmp_path: Path
) -> None:
    jobs = JobClient(traced)
    job_id = jobs.submit(write_motion_jpeg(tmp_path / "clip.avi", frames, 25.0), fps=25)
    assert jobs.wait(job_id)["state"] == "succeeded"
    wait_until(lambda: any(by_name(spans, "finish") and connected(spans) for spans in collector.traces("job")))
    (spans,) = collector.traces("job")
    stages = Counter(span.name for span in spans)
    assert (stages["job"], stages["plan"], stages["finish"]) == (1, 1, 1)
    segments = {span.attributes["segment"] for span in by_name(spans, "classify")}
    assert len(segments) > 1
    assert {span.attributes["segment"] for span in by_name(spans, "detect")} == segments
    assert {span.attributes["job_id"] for span in spans if "job_id" in span.attributes} == {job_id}
    assert {span.parent for span in by_name(spans, "Predict")} <= {span.id for span in by_name(spans, "classify")}
    assert stages["Predict"] >= len(segments)


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Tracing, Collector]]:
    """In this process, and where its spans go."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    with trace_collector() as collector:
        yield Tracing("test", collector.url, 1.0), collector


def test_frames_that_share_a_predict_are_linked_to_the_one_that_has_it(tracer: tuple[Tracing, Collector]) -> None:
    tracing, collector = tracer
    parents = []
    for frame_id in range(2):
        with tracing.begin("frame", None, {"frame_id": frame_id}):
            parents.append(tracing.traceparent())
    with tracing.batch("classify_faces", parents), tracing.span("Predict", None, {}):
        pass
    wait_until(lambda: len(collector.spans) == 5)
    first, second = collector.traces("frame")
    assert connected(first)
    assert connected(second)
    (predict,) = by_name(first, "Predict") + by_name(second, "Predict")
    (owner,) = (span for span in by_name(collector.spans, "classify_faces") if span.trace == predict.trace)
    (other,) = (span for span in by_name(collector.spans, "classify_faces") if span.trace != predict.trace)
    assert (predict.parent, owner.links, other.links) == (owner.id, [], [owner.id])


def test_what_is_not_drawn_leaves_no_trace_further_on(tracer: tuple[Tracing, Collector]) -> None:
    _, collector = tracer
    never = Tracing("test", collector.url, 0.0)
    with never.begin("frame", None, {}), never.span("step", None, {}):
        assert never.traceparent() == ""


def test_without_an_endpoint_neither_tracer_nor_exporter_is_imported() -> None:
    program = """
import sys
import gateway.app, detector_worker.worker, ensemble_worker.worker, jobs.worker, model_server.service
from runtime.settings import CommonSettings
from runtime import tracing
tracing.configure_traces("test", CommonSettings())
with tracing.begin("frame"), tracing.span("step"), tracing.batch("batch", [""]):
    assert tracing.traceparent() == ""
assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter"))]
"""
    subprocess.run([sys.executable, "-c", program], check=True)
