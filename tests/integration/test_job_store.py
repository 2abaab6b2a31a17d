"""Jobs' records on a real Redis: what must change in one step does, and what ended is not begun again."""

from pathlib import Path
from unittest import mock

import msgspec
import pytest
import redis

from contracts.geometry import BoundingBox
from contracts.jobs import JobOptions, VideoFacts
from contracts.work import ClassifiedFace
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.parts import ClassifiedFrame, SegmentPredictions
from jobs.plan import Plan
from jobs.settings import JobSettings
from jobs.store import JobStore, KeyReused, UnknownJob
from jobs.worker import JobWorker

VIDEO = VideoFacts("mp4", "h264", 640, 480, 25.0, 1.0)


@pytest.fixture
def store(client: "redis.Redis") -> JobStore:
    return JobStore(client)


def running(store: JobStore, job_id: str = "one", **options: str) -> str:
    """A job of one segment that has been planned."""
    store.create(job_id, "a.mp4", JobOptions(**options), None, "digest")
    claim = store.claim("plan")
    assert claim is not None
    assert store.start(job_id, Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
    return job_id


def test_a_job_that_is_created_twice_is_one_and_keeps_its_state(store: JobStore) -> None:
    """The client library asks again when the connection breaks before the answer."""
    job_id = running(store)
    assert store.create(job_id, "a.mp4", JobOptions(), None, "digest") == job_id
    assert store.facts(job_id).state == "running"
    assert store.claim("plan") is None


def test_a_key_belongs_to_one_body_until_its_job_is_deleted(store: JobStore) -> None:
    assert store.create("one", "a.mp4", JobOptions(), "key", "digest") == "one"
    assert store.create("two", "a.mp4", JobOptions(), "key", "digest") == "one"
    with pytest.raises(KeyReused):
        store.create("three", "a.mp4", JobOptions(), "key", "other")
    store.forget("one")
    assert store.create("four", "a.mp4", JobOptions(), "key", "digest") == "four"


def test_work_on_a_job_that_has_ended_is_dropped(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    claim = store.claim("detect")
    assert claim is not None
    store.end(job_id, "failed", "for this test")
    client.zadd("thespis:jobs:detect", {f"{job_id}:0": 0})
    client.zadd("thespis:jobs:finish", {job_id: 0})
    assert (store.claim("detect"), store.claim("finish"), store.detected(claim)) == (None, None, False)
    assert not client.exists("thespis:jobs:detect", "thespis:jobs:finish")


def test_work_on_a_job_that_is_gone_leaves_no_record(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    claim = store.claim("detect")
    assert claim is not None
    store.forget(job_id)
    store.put_back(claim, "its upload is gone")
    assert store.claim("detect") is None
    with pytest.raises(UnknownJob):
        store.facts(job_id)
    assert not store.is_known(job_id), "its files would never be swept up"


def test_the_last_of_two_who_detect_a_segment_changes_nothing(store: JobStore) -> None:
    running(store)
    claim = store.claim("detect")
    assert claim is not None
    assert (store.detected(claim), store.detected(claim)) == (True, False)
    assert store.claim("classify") is not None
    assert (store.end_segment(claim, 5), store.end_segment(claim, 5)) == (2, 0)
    assert store.view("one").progress.frames_done == 5


def test_the_end_and_its_message_are_one_step(store: JobStore) -> None:
    job_id = running(store)
    assert store.end(job_id, "succeeded", notify=True)
    assert not store.end(job_id, "failed", notify=True)
    assert store.claim("notify") is not None
    assert store.claim("notify") is None
    assert store.view(job_id).attempts == 1, "of the work, not of the message"


def test_a_finisher_that_falls_after_the_end_spoils_nothing(store: JobStore, tmp_path: Path) -> None:
    job_id = running(store)
    artefacts = Artefacts(f"file://{tmp_path}")
    face = ClassifiedFace(BoundingBox(0, 0, 50, 50), 0.9, None, [1 / 7] * 7, 1.0, None)
    frames = [ClassifiedFrame(tick, tick / 5, [face]) for tick in range(5)]
    artefacts.write_whole(artefacts.path(job_id, "upload"), b"video")
    done = msgspec.msgpack.encode(SegmentPredictions(frames, ["residual"], []))
    artefacts.write_whole(artefacts.path(job_id, "segments", "0"), done)
    claim = store.claim("detect")
    assert claim is not None
    store.end_segment(claim, 5)
    bells = mock.create_autospec(Bells, instance=True)
    worker = JobWorker(store, bells, artefacts, {"residual": 1}, JobSettings())
    remove = artefacts.remove

    def fall(path: str) -> None:
        if path.endswith(("upload", "segments")):
            raise KeyboardInterrupt
        remove(path)

    with mock.patch.object(artefacts, "remove", fall), pytest.raises(KeyboardInterrupt):
        worker.serve_ends()
    for _ in range(10):
        worker.serve_ends()
    assert store.view(job_id).state == "succeeded"
    assert artefacts.exists(artefacts.path(job_id, "results", "rows.ndjson"))
