"""What the processes of a platform tell Prometheus, and what docs/operations.md tells of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.metrics import MetricWrapperBase

from contracts.protocol import Dropped, DropReason, Error, Result, SessionCreated
from runtime import metrics
from tests.integration.job_client import JobClient
from tests.integration.live_session import live_session
from tests.integration.scraping import Scraped
from tests.platform_process import ROOT, THESPIS_UP, Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until

PAGE = (ROOT / "docs" / "operations.md").read_text()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    log = tmp_path_factory.mktemp("metrics") / "up.log"
    environment = {"THESPIS_DETECTORS": "1", "THESPIS_LOG_LEVEL": "debug", "THESPIS_LOG_FORMAT": "json"}
    with Platform(log, (*THESPIS_UP, "--metrics"), **environment) as platform:
        yield platform


@pytest.fixture
def scraped(measured: Platform) -> Scraped:
    return Scraped(measured)


def test_results_are_told_of_before_there_is_one(scraped: Scraped) -> None:
    """The alert that no frame is answered compares with them, also after a restart into a platform that is broken."""
    assert ("thespis_frames_total", "result", "") in scraped.of("gateway")


async def test_each_answer_is_counted_once_by_what_it_was(measured: Platform, scraped: Scraped, jpeg: bytes) -> None:
    before = scraped.of("gateway")
    async with live_session(measured.url) as session:
        assert scraped.of("gateway")["thespis_sessions",] == 1
        for _ in range(10):
            await session.send(jpeg)
        await session.answer_to(10)
        while len(session.ids()) < 10:
            await session.next()
        await session.ask(b"not a JPEG")
    after = scraped.of("gateway")

    def more(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    results = sum(isinstance(answer, Result) for answer in session.answers())
    dropped = Counter(answer.reason for answer in session.answers() if isinstance(answer, Dropped))
    assert results + dropped.total() == 10
    assert more("thespis_frames_total", "result", "") == results
    for reason in get_args(DropReason):
        assert more("thespis_frames_total", "dropped", reason) == dropped[reason]
    assert more("thespis_frames_total", "error", "bad_image") == 1
    for stage in ("queue", "decode", "detect", "ensemble", "total"):
        assert more("thespis_stage_seconds_count", stage) == results
    wait_until(lambda: scraped.of("gateway")["thespis_sessions",] == 0)


async def test_each_member_is_timed_and_one_that_falls_is_seen(
    measured: Platform, scraped: Scraped, jpeg: bytes
) -> None:
    async with live_session(measured.url) as session:
        result = await session.result(jpeg)
        told = scraped.of("ensemble_worker.1")
        assert {name for name in result.members.used if told["thespis_member_seconds_count", name] >= 1} == set(
            result.members.used
        )
        assert told["thespis_batch_size_count", "classify"] >= 1
        assert told["thespis_breaker_open", "vgg"] == 0
        measured.member("vgg").kill()
        await session.result(jpeg)  # a frame that expires before would ask no member
        fallen = scraped.of("ensemble_worker.1")
        assert fallen["thespis_breaker_open", "vgg"] == 1
        assert fallen["thespis_member_failures_total", "vgg", "UNAVAILABLE"] >= 1

        async def back() -> bool:
            await session.ask(jpeg)
            return scraped.of("ensemble_worker.1")["thespis_breaker_open", "vgg"] == 0

        while not await back():
            pass


async def test_frames_that_nobody_takes_are_seen_waiting(measured: Platform, scraped: Scraped, jpeg: bytes) -> None:
    async with live_session(measured.url) as session:
        await session.ask(jpeg)
        (detector,) = (child for child in measured.children_with("-m detector_worker") if "jobs" not in child.cmdline())
        detector.suspend()
        try:
            for _ in range(3):
                await session.ask(jpeg)  # each is told at its deadline that it expired
            told = scraped.of("gateway")
            assert told["thespis_queue_length", "detect_faces"] == 3
            assert told["thespis_queue_oldest_seconds", "detect_faces"] > 2
        finally:
            detector.resume()
        await session.ask(jpeg)
    wait_until(lambda: scraped.of("gateway")["thespis_queue_length", "detect_faces"] == 0)


def test_jobs_and_segments_are_counted(
    measured: Platform, scraped: Scraped, frames: list[bytes], tmp_path: Path
) -> None:
    wait_until(lambda: scraped.healthy("job_worker"))
    jobs = JobClient(measured)
    assert (
        jobs.wait(jobs.submit(write_motion_jpeg(tmp_path / "clip.avi", frames, 25.0), fps=25))["state"] == "succeeded"
    )
    told = scraped.of("job_worker")
    assert told["thespis_jobs", "succeeded"] == 1
    assert told["thespis_jobs", "running"] == 0
    assert told["thespis_queue_length", "detect"] == 0
    assert scraped.of("ensemble_worker.jobs.1")["thespis_segments_total", "done"] >= 1


async def test_each_frames_line_in_the_log_names_session_and_frame(measured: Platform, jpeg: bytes) -> None:
    async with live_session(measured.url) as session:
        created = session.messages[0]
        assert isinstance(created, SessionCreated)
        await session.result(jpeg)
        await session.ask(b"not a JPEG")
    session_id = created.session_id

    def lines() -> list[dict[str, object]]:
        written = [json.loads(line) for line in measured.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in written if line.get("session_id") == session_id]

    wait_until(lambda: [line for line in lines() if line["event"] == "session_ended"])
    events = {Result: "frame_answered", Dropped: "frame_dropped", Error: "frame_refused"}
    answers = [(events[type(answer)], answer.frame_id) for answer in session.answers()]
    assert [(line["event"], line.get("frame_id")) for line in lines()] == [*answers, ("session_ended", None)]
    assert {line["service"] for line in lines()} == {"gateway"}


def test_every_process_says_what_it_is_and_that_it_is_well(measured: Platform, scraped: Scraped) -> None:
    assert len(scraped.addresses) >= 10
    for name in scraped.addresses:
        wait_until(lambda name=name: scraped.healthy(name))
        assert scraped.of(name)["thespis_build_info", "0.1.0"] == 1
        assert scraped.of(name)["process_resident_memory_bytes",] > 0
        assert scraped.text(name, "/").status_code == 404


def test_a_worker_without_redis_is_not_well_until_it_is_back(measured: Platform, scraped: Scraped) -> None:
    wait_until(lambda: scraped.healthy("detector_worker.1"))
    redis = next(child for child in measured.children_with("valkey-server") if Path(child.cwd()) == Path("/"))
    redis.suspend()
    redis.kill()
    wait_until(lambda: not scraped.healthy("detector_worker.1"))
    wait_until(lambda: scraped.healthy("detector_worker.1"))
    assert scraped.text("gateway").status_code == 200


def test_the_page_tells_every_metric_with_its_labels() -> None:
    told = {
        name: tuple(re.findall(r"`(\w+)`", labels))
        for name, labels in re.findall(r"^\| `(thespis_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    }
    ours = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    known = {
        family.name + ("_total" if family.type == "counter" else ""): metric._labelnames
        for metric in (*ours, metrics.queue_length(), metrics.queue_oldest(), metrics.jobs_by_state())
        for family in (metric.describe() if isinstance(metric, MetricWrapperBase) else [metric])
    }
    assert told == known
