"""Jobs' records on a real Redis: what must change in one step does, and what ended is not begun again."""

import asyncio
import contextlib
import socket
import threading
import time
from pathlib import Path
from unittest import mock

import msgspec
import pytest
import redis

from contracts.geometry import CROP_BYTES, BoundingBox
from contracts.jobs import JobOptions, VideoFacts
from contracts.labels import LABELS
from contracts.members import Ensemble, Member, Vote
from contracts.work import ClassifiedFace, DetectedFace
from ensemble_worker.fan_out import FanOut
from ensemble_worker.segments import SegmentClassifier
from gateway.jobs import PAGE, RECORDS_A_REQUEST, JobQuery, Jobs
from jobs import worker as job_worker
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.parts import ClassifiedFrame, DetectedFrame, SegmentCrops, SegmentPredictions
from jobs.plan import Plan
from jobs.redis_keys import job_key, submission_key
from jobs.scripts import TIMES_FROM
from jobs.settings import JobSettings
from jobs.stages import ENTERED, LAST_SEGMENT, MAX_ATTEMPTS, NOT_OURS, Claim, Stage, stage_key
from jobs.store import JobFacts, JobStore, KeyReused, TooManyJobs, UnknownJob
from jobs.sweeper import Sweeper
from jobs.worker import JobWorker
from runtime.celery_app import make_celery
from tests.waiting import wait_until

ENSEMBLE = Ensemble(list(LABELS), {"residual": Member(1, "residual")}, {"default": Vote({"residual": 1.0})})
VIDEO = VideoFacts("mp4", "h264", 640, 480, 25.0, 1.0)


@pytest.fixture
def store(client: "redis.Redis") -> JobStore:
    return JobStore(client)


def running(store: JobStore, job_id: str = "one", **options: str) -> str:
    """A job of one segment that has been planned."""
    store.create(job_id, "a.mp4", JobOptions(**options), None, "digest")
    claim = store.stages.claim("plan")
    assert claim is not None
    assert store.start(job_id, Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
    return job_id


def test_a_job_that_is_created_twice_is_one_and_keeps_its_state(store: JobStore) -> None:
    """The client library asks again when the connection breaks before the answer."""
    job_id = running(store)
    assert store.create(job_id, "a.mp4", JobOptions(), None, "digest") == job_id
    assert store.facts(job_id).state == "running"
    assert store.stages.claim("plan") is None


def test_a_key_belongs_to_one_body_until_its_job_is_deleted(store: JobStore) -> None:
    assert store.create("one", "a.mp4", JobOptions(), "key", "digest") == "one"
    assert store.create("two", "a.mp4", JobOptions(), "key", "digest") == "one"
    with pytest.raises(KeyReused):
        store.create("three", "a.mp4", JobOptions(), "key", "other")
    store.forget("one")
    assert store.create("four", "a.mp4", JobOptions(), "key", "digest") == "four"


def test_no_more_jobs_are_created_than_may_be_under_way(store: JobStore) -> None:
    """Uploads take their time: all of them may have begun while there was room."""

    def create(job_id: str, owner: str = "", key: str | None = None) -> str:
        return store.create(job_id, "a.mp4", JobOptions(), key, "digest", owner, 3, 2)

    assert [create("one", "anna", "key"), create("two", "anna")] == ["one", "two"]
    with pytest.raises(TooManyJobs):
        create("three", "anna", "other key")
    assert create("three", "anna", "key") == "one", "it is there already"
    assert create("four", "bert") == "four"
    with pytest.raises(TooManyJobs):
        create("five", "carl")
    assert not store.is_known("three")
    assert not store.is_known("five")
    store.end("one", "failed")
    assert create("six", "anna", "other key") == "six"


def test_what_is_kept_of_one_key_is_counted_when_the_job_is_made(store: JobStore) -> None:
    """Uploads that came at once were all let in before the first was a job."""

    def create(job_id: str, owner: str) -> str:
        return store.create(job_id, "a.mp4", JobOptions(), None, "digest", owner, most_stored_of_owner=2)

    for job_id in ("one", "two"):
        create(job_id, "anna")
        store.end(job_id, "failed")
    with pytest.raises(TooManyJobs):
        create("three", "anna")
    assert create("four", "bert") == "four"


def test_work_on_a_job_that_has_ended_is_dropped(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    claim = store.stages.claim("detect")
    assert claim is not None
    store.end(job_id, "failed", "for this test")
    client.zadd("thespis:jobs:detect", {f"{job_id}:0": 0})
    client.zadd("thespis:jobs:finish", {job_id: 0})
    assert (store.stages.claim("detect"), store.stages.claim("finish"), store.stages.detected(claim)) == (
        None,
        None,
        False,
    )
    assert not client.exists("thespis:jobs:detect", "thespis:jobs:finish")


def test_a_segment_that_is_handed_back_is_claimed_again_at_once_as_the_same_attempt(store: JobStore) -> None:
    running(store)
    claim = store.stages.claim("detect")
    assert claim is not None
    assert store.stages.claim("detect") is None
    store.stages.hand_back(claim)
    again = store.stages.claim("detect")
    assert again is not None
    assert (again.item, again.attempt, again.number) == (claim.item, 1, 2)


def test_jobs_are_counted_by_state(store: JobStore) -> None:
    job_id = running(store)
    store.create("queued", "a.mp4", JobOptions(), None, "digest")
    assert store.states() == {"running": 1, "queued": 1}
    store.end(job_id, "failed")
    assert store.states() == {"failed": 1, "queued": 1}


def test_what_waits_is_as_old_as_its_time_in_that_stage(store: JobStore, client: "redis.Redis") -> None:
    """Not as old as its job, which may be at work for an hour while nothing waits for long."""
    began = int(time.time())

    def came_just_now(stage: Stage) -> bool:
        entered_s = store.stages.entered_s_of_next(stage)
        for field in ENTERED.values():  # what follows came later by far
            client.hset("thespis:job:one", field.format(0), 1.0)
        return entered_s is not None and began <= entered_s <= time.time()

    assert store.stages.entered_s_of_next("plan") is None
    store.create("one", "a.mp4", JobOptions(), None, "digest")
    assert came_just_now("plan")
    assert store.start("one", Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
    assert came_just_now("detect")
    claim = store.stages.claim("detect")
    assert claim is not None
    assert store.stages.detected(claim)
    assert came_just_now("classify")
    assert store.stages.end_segment(claim, 5) == LAST_SEGMENT
    assert came_just_now("finish")
    assert store.end("one", "succeeded", notify=True)
    assert came_just_now("notify")


def test_work_on_a_job_that_is_gone_leaves_no_record(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    claim = store.stages.claim("detect")
    assert claim is not None
    store.forget(job_id)
    store.stages.put_back(claim, "its upload is gone")
    assert store.stages.claim("detect") is None
    with pytest.raises(UnknownJob):
        store.facts(job_id)
    assert not store.is_known(job_id), "its files would never be swept up"


def test_the_last_of_two_who_detect_a_segment_changes_nothing(store: JobStore) -> None:
    running(store)
    claim = store.stages.claim("detect")
    assert claim is not None
    assert (store.stages.detected(claim), store.stages.detected(claim)) == (True, False)
    assert store.stages.claim("classify") is not None
    assert (store.stages.end_segment(claim, 5), store.stages.end_segment(claim, 5)) == (2, 0)
    assert store.view("one").progress.frames_done == 5


def test_segments_that_have_ended_leave_nothing_of_their_attempts_in_the_record(
    store: JobStore, client: "redis.Redis"
) -> None:
    store.create("one", "a.mp4", JobOptions(), None, "digest")
    assert store.stages.claim("plan") is not None
    store.start("one", Plan(0.0, 5.0, 25 * 100), VIDEO, {"residual": 1})
    fields = client.hlen("thespis:job:one")
    for segment in range(100):
        claim = store.stages.claim("detect")
        assert claim is not None
        if segment == 7:
            store.stages.put_back(claim, "for this test")
            client.zadd("thespis:jobs:detect", {claim.item: 0})
            claim = store.stages.claim("detect")
            assert claim is not None
        assert store.stages.detected(claim)
        assert store.stages.claim("classify") is not None
        store.stages.end_segment(claim, 25)
    assert client.hlen("thespis:job:one") <= fields + 4
    assert store.view("one").attempts == 2


def test_what_a_worker_needs_to_know_is_all_that_it_reads(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    before = client.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    facts = store.facts(job_id)
    assert (facts.state, facts.plan, facts.video) == ("running", Plan(0.0, 5.0, 5), VIDEO)
    assert client.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"] == before


def test_jobs_that_are_deleted_while_they_are_listed_hide_no_other(store: JobStore, client: "redis.Redis") -> None:
    made = [f"{number:032x}" for number in range(2 * PAGE + 7)]
    for job_id in made:
        store.create(job_id, "a.mp4", JobOptions(), None, "digest", owner="anna")
    client.zadd("thespis:jobs:of:anna", dict.fromkeys(made[PAGE - 3 : PAGE + 3], 1234567890.125))  # at one moment
    jobs = Jobs(store, mock.Mock(), mock.Mock(), mock.Mock(), [], [])
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = jobs._page(msgspec.convert({"cursor": cursor}, JobQuery), "anna")
        for job in page:
            store.forget(job.id)
        listed += [job.id for job in page]
    assert sorted(listed) == made


def test_a_rare_label_is_found_by_requests_that_each_look_at_a_bounded_number_of_records(store: JobStore) -> None:
    for number in range(RECORDS_A_REQUEST + PAGE):
        label = "" if number else "the oldest"
        store.create(f"{number:032x}", "a.mp4", JobOptions(label=label), None, "digest", owner="anna")
    jobs = Jobs(store, mock.Mock(), mock.Mock(), mock.Mock(), [], [])
    with mock.patch.object(store, "view", wraps=store.view) as looked:
        none, cursor = jobs._page(JobQuery(label="the oldest"), "anna")
        assert (none, looked.call_count) == ([], RECORDS_A_REQUEST)
        assert cursor is not None
        found, end = jobs._page(JobQuery(label="the oldest", cursor=cursor), "anna")
    assert [job.id for job in found] == [f"{0:032x}"]
    assert end is None or jobs._page(JobQuery(label="the oldest", cursor=end), "anna") == ([], None)


def test_the_end_and_its_message_are_one_step(store: JobStore) -> None:
    job_id = running(store)
    assert store.end(job_id, "succeeded", notify=True)
    assert not store.end(job_id, "failed", notify=True)
    assert store.stages.claim("notify") is not None
    assert store.stages.claim("notify") is None
    assert store.view(job_id).attempts == 1, "of the work, not of the message"


def begun(store: JobStore, job_id: str, segments: int) -> None:
    """A planned job of so many segments."""
    store.create(job_id, "a.mp4", JobOptions(), None, "digest")
    assert store.stages.claim("plan") is not None
    assert store.start(job_id, Plan(0.0, 5.0, 25 * segments), VIDEO, {"residual": 1})


def claimed(store: JobStore, count: int) -> list[str]:
    """The next items of detectors, each done."""
    items = []
    for _ in range(count):
        claim = store.stages.claim("detect")
        assert claim is not None
        store.stages.end_segment(claim, 25)
        items.append(claim.item)
    return items


def test_short_jobs_that_go_on_coming_do_not_hold_up_a_long_one(store: JobStore) -> None:
    begun(store, "z", 10)
    assert claimed(store, 4) == [f"z:{segment}" for segment in range(4)]
    turns = []
    for number in range(40):  # as fast as they are worked off, and of names that come before the long one's
        begun(store, f"a{number:02}", 1)
        turns += claimed(store, 1)
    assert [item for item in turns if item.startswith("z")] == [f"z:{segment}" for segment in range(4, 10)]


def test_a_short_job_waits_for_no_long_one_before_it(store: JobStore) -> None:
    begun(store, "long", 50)
    for _ in range(50):
        claim = store.stages.claim("detect")
        assert claim is not None
        assert store.stages.detected(claim)
        if claim.segment == 9:
            begun(store, "short", 2)
    found = [store.stages.claim("classify") for _ in range(20)]
    assert {"short:0", "short:1"} <= {claim.item for claim in found if claim is not None}


def test_jobs_are_planned_in_the_order_of_their_coming(store: JobStore) -> None:
    for job_id in "zam":
        store.create(job_id, "a.mp4", JobOptions(), None, "digest")
    claims = [store.stages.claim("plan") for _ in range(3)]
    assert [claim.job_id for claim in claims if claim is not None] == list("zam")


def test_a_segment_that_was_tried_before_comes_before_new_ones(store: JobStore) -> None:
    begun(store, "one", 3)
    claim = store.stages.claim("detect")
    assert claim is not None
    store.stages.hand_back(claim)
    begun(store, "two", 3)
    assert claimed(store, 1) == ["one:0"]


def test_a_worker_goes_on_while_a_receiver_takes_its_time(
    store: JobStore, client: "redis.Redis", tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        job_id = running(store, webhook_url=url)
        assert store.end(job_id, "succeeded", notify=True)
        settings = JobSettings(webhooks_to_private=True)
        bells = mock.create_autospec(Bells, instance=True)
        JobWorker(store, bells, Artefacts(f"file://{tmp_path}"), ENSEMBLE, settings).serve_messages()
        connection, _ = hanging.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        wait_until(lambda: client.zcard(stage_key("notify")) == 0)
        connection.close()


def to_be_finished(store: JobStore, artefacts: Artefacts, job_id: str = "one") -> str:
    """A job whose only segment is done."""
    running(store, job_id)
    face = ClassifiedFace(BoundingBox(0, 0, 50, 50), 0.9, None, [1 / 7] * 7, 1.0, None)
    frames = [ClassifiedFrame(tick, tick / 5, [face]) for tick in range(5)]
    artefacts.write_whole(artefacts.path(job_id, "upload"), b"video")
    done = msgspec.msgpack.encode(SegmentPredictions(frames, []))
    artefacts.write_whole(artefacts.path(job_id, "segments", "0"), done)
    claim = store.stages.claim("detect")
    assert claim is not None
    store.stages.end_segment(claim, 5)
    return job_id


def worker_of(store: JobStore, artefacts: Artefacts) -> JobWorker:
    bells = mock.create_autospec(Bells, instance=True)
    return JobWorker(store, bells, artefacts, ENSEMBLE, JobSettings())


def finish(worker: JobWorker) -> None:
    """Lets it finish what can be finished."""
    working = worker.serve_ends()
    assert working is not None
    working.result()


def test_a_job_that_is_cancelled_while_its_results_are_written_leaves_none(store: JobStore, tmp_path: Path) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    job_id = to_be_finished(store, artefacts)
    write_whole = artefacts.write_whole

    def cancel_meanwhile(path: str, data: bytes) -> None:
        write_whole(path, data)
        store.cancel(job_id)

    worker = worker_of(store, artefacts)
    with mock.patch.object(artefacts, "write_whole", cancel_meanwhile):
        finish(worker)
    finish(worker)  # where the first one heard of it before it was through
    assert store.view(job_id).state == "cancelled"
    assert artefacts.jobs() == []
    assert store.stages.claim("finish") is None


def test_who_was_overtaken_while_it_put_results_together_ends_no_job(
    store: JobStore, client: "redis.Redis", tmp_path: Path
) -> None:
    """The other begins by removing what the first one wrote."""
    artefacts = Artefacts(f"file://{tmp_path}")
    job_id = to_be_finished(store, artefacts)
    write_whole, overtaken = artefacts.write_whole, []

    def overtake(path: str, data: bytes) -> None:
        write_whole(path, data)
        if not overtaken:
            client.zadd(stage_key("finish"), {job_id: TIMES_FROM + 1})  # its lease ran out
            overtaken.append(store.stages.claim("finish"))

    with mock.patch.object(artefacts, "write_whole", overtake):
        finish(worker_of(store, artefacts))
    assert store.view(job_id).state == "running"
    assert artefacts.exists(artefacts.path(job_id, "segments", "0"))
    client.zadd(stage_key("finish"), {job_id: TIMES_FROM + 1})
    finish(worker_of(store, artefacts))
    assert store.view(job_id).state == "succeeded"
    assert artefacts.exists(artefacts.path(job_id, "results", "rows.ndjson"))


def test_who_was_overtaken_before_it_began_removes_no_results(
    store: JobStore, client: "redis.Redis", tmp_path: Path
) -> None:
    """It stood still after it had claimed the job; meanwhile another finished it."""
    artefacts = Artefacts(f"file://{tmp_path}")
    job_id = to_be_finished(store, artefacts)
    facts = store.facts

    def overtaken(asked: str) -> JobFacts:
        found = facts(asked)
        client.zadd(stage_key("finish"), {job_id: TIMES_FROM + 1})
        finish(worker_of(JobStore(client), artefacts))
        return found

    with mock.patch.object(store, "facts", overtaken):
        finish(worker_of(store, artefacts))
    assert store.view(job_id).state == "succeeded"
    assert artefacts.exists(artefacts.path(job_id, "results", "rows.ndjson"))


def test_only_what_has_results_is_said_to_be_kept(store: JobStore, tmp_path: Path) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    done, cancelled = to_be_finished(store, artefacts), to_be_finished(store, artefacts, "two")
    store.cancel(cancelled)
    finish(worker_of(store, artefacts))
    kept = {job_id: store.view(job_id).expires_s is not None for job_id in (done, cancelled)}
    assert kept == {done: True, cancelled: False}


def test_a_job_that_is_being_cancelled_ends_in_no_other_way(store: JobStore) -> None:
    job_id = running(store)
    store.cancel(job_id)
    claim = store.stages.claim("finish")
    assert claim is not None
    assert not store.end(job_id, "succeeded")
    assert not store.stages.renew(claim), "whoever put its results together works for nothing"
    assert store.facts(job_id).state == "cancelling"
    assert store.end(job_id, "cancelled")


def test_a_job_that_is_being_cancelled_and_can_not_be_finished_is_cancelled(store: JobStore, tmp_path: Path) -> None:
    job_id = running(store)
    store.cancel(job_id)
    worker = worker_of(store, Artefacts(f"file://{tmp_path}"))
    with mock.patch.object(
        store.stages, "claim", side_effect=[Claim("finish", job_id, None, MAX_ATTEMPTS + 1, 1), None]
    ):
        finish(worker)
    assert store.facts(job_id).state == "cancelled"


def test_a_finisher_that_falls_after_the_end_spoils_nothing(store: JobStore, tmp_path: Path) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    job_id = to_be_finished(store, artefacts)
    worker = worker_of(store, artefacts)
    remove = artefacts.remove

    def fall(path: str) -> None:
        if path.endswith(("upload", "segments")):
            raise KeyboardInterrupt
        remove(path)

    with mock.patch.object(artefacts, "remove", fall), pytest.raises(KeyboardInterrupt):
        finish(worker)
    for _ in range(10):
        finish(worker)
    assert store.view(job_id).state == "succeeded"
    assert artefacts.exists(artefacts.path(job_id, "results", "rows.ndjson"))


def test_a_zip_that_was_to_be_annotated_says_why_it_is_not(store: JobStore, tmp_path: Path) -> None:
    store.create("one", "a.zip", JobOptions(annotated=True), None, "digest")
    assert store.stages.claim("plan") is not None
    assert store.start("one", Plan(0.0, 1.0, 1), VideoFacts("zip", "pictures", 0, 0, 1.0, 1.0), {"residual": 1})
    claim = store.stages.claim("detect")
    assert claim is not None
    artefacts = Artefacts(f"file://{tmp_path}")
    done = msgspec.msgpack.encode(SegmentPredictions([ClassifiedFrame(0, 0.0, [])], []))
    artefacts.write_whole(artefacts.path("one", "segments", "0"), done)
    store.stages.end_segment(claim, 1)
    finish(worker_of(store, artefacts))
    job = store.view("one")
    assert (job.state, job.message) == ("succeeded", "it could not be annotated: pictures of a zip are no video")


def test_only_jobs_that_have_not_ended_count_as_unfinished(store: JobStore) -> None:
    for job_id in ("one", "two", "three"):
        store.create(job_id, "a.mp4", JobOptions(), None, "digest")
    store.create("one", "a.mp4", JobOptions(), None, "digest")
    assert store.unfinished() == 3
    store.cancel("one")
    assert store.unfinished() == 3
    store.end("one", "cancelled")
    store.forget("two")
    assert store.unfinished() == 1


def test_the_record_of_an_ended_job_goes_after_its_time_too(
    store: JobStore, client: "redis.Redis", tmp_path: Path
) -> None:
    bells = mock.create_autospec(Bells, instance=True)
    kept, gone = JobSettings(), JobSettings(records_kept_s=1e-6)
    for job_id, settings in (("one", kept), ("two", gone)):
        artefacts = Artefacts(f"file://{tmp_path}/{job_id}")
        artefacts.write_whole(artefacts.path(job_id, "upload"), b"video")
        store.end(running(store, job_id), "failed", "for this test")
        client.zadd("thespis:jobs:tidy", {job_id: 0})
        Sweeper(store, bells, artefacts, settings).sweep()
        assert not artefacts.exists(artefacts.path(job_id, "upload"))
    assert store.view("one").state == "failed"
    assert [job_id for job_id, _ in store.ids_after("", 9)] == ["one"]
    assert not store.is_known("two")
    assert [item for item, _ in client.zscan_iter("thespis:jobs:tidy")] == [b"one"]


def test_a_job_whose_vote_or_member_is_served_no_more_says_so(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models were changed while it waited."""
    monkeypatch.setattr(job_worker, "probe_apart", lambda _: VIDEO)
    artefacts = Artefacts(f"file://{tmp_path}")
    for job_id, options, said in (
        ("one", JobOptions(vote_profile="fast"), "the vote fast is no longer served"),
        ("two", JobOptions(members=["residual", "vgg"]), "no longer served: vgg"),
    ):
        store.create(job_id, "a.mp4", options, None, "digest")
        artefacts.write_whole(artefacts.path(job_id, "upload"), b"video")
        worker_of(store, artefacts).serve_plans()
        assert (store.view(job_id).state, store.view(job_id).message) == ("failed", said)


def test_a_job_says_what_holds_it_up_until_a_segment_is_done(store: JobStore) -> None:
    begun(store, "one", 2)
    first, second = store.stages.claim("detect"), store.stages.claim("detect")
    assert first is not None
    assert second is not None
    store.stages.hand_back(first, 15.0, "nobody answered")
    store.stages.end_segment(second, 0, "could not be read")
    assert store.view("one").message == "nobody answered"
    store.stages.end_segment(first, 5)
    assert store.view("one").message == ""


def test_who_was_overtaken_keeps_nothing_and_puts_nothing_back(store: JobStore, client: "redis.Redis") -> None:
    begun(store, "one", 1)
    first = store.stages.claim("detect")
    assert first is not None
    assert store.stages.renew(first)
    client.zadd(stage_key("detect"), {first.item: time.time() - 1})  # its lease has run out
    second = store.stages.claim("detect")
    assert second is not None
    leased = client.zscore(stage_key("detect"), second.item)
    assert not store.stages.renew(first), "another worker took it over"
    store.stages.put_back(first, "too late")
    store.stages.hand_back(first, 60.0, "too late")
    assert client.zscore(stage_key("detect"), second.item) == leased
    assert store.stages.trouble(second) != "too late"
    assert store.view("one").message != "too late"
    assert store.stages.renew(second)


def classify_with_nobody_answering(store: JobStore, folder: Path, members: list[str]) -> None:
    """Works in vain on the only segment of the job `one`, which names these members; `residual` is served."""
    store.create("one", "a.mp4", JobOptions(members=members), None, "digest")
    assert store.stages.claim("plan") is not None
    assert store.start("one", Plan(0.0, 5.0, 25), VIDEO, {"residual": 1})
    claim = store.stages.claim("detect")
    assert claim is not None
    artefacts = Artefacts(f"file://{folder}")
    frame = DetectedFrame(0, 0.0, [DetectedFace(BoundingBox(0, 0, 50, 50), 0.9, None)])
    crops = msgspec.msgpack.encode(SegmentCrops([frame], bytes(CROP_BYTES)))
    artefacts.write_whole(artefacts.path("one", "parts", "0"), crops)
    assert store.stages.detected(claim)
    nobody = mock.create_autospec(FanOut, instance=True, names=["residual"])
    nobody.predict_in_turn.return_value = {}
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        bells, votes = mock.create_autospec(Bells, instance=True), {"default": Vote({"residual": 1.0})}
        SegmentClassifier(store, bells, artefacts, nobody, loop, votes, 2, 3600.0).serve()


def test_members_that_are_away_cost_a_segment_no_attempt(
    store: JobStore, client: "redis.Redis", tmp_path: Path
) -> None:
    classify_with_nobody_answering(store, tmp_path, [])
    assert client.hget("thespis:job:one", "tried:classify:0") == b"0"
    assert store.view("one").message.startswith("no member of the ensemble answered")


def test_members_that_are_not_served_at_all_are_not_waited_for(store: JobStore, tmp_path: Path) -> None:
    classify_with_nobody_answering(store, tmp_path, ["vgg"])
    (error,) = store.view("one").errors
    assert error.message == "no member that it names is served: vgg"


def test_a_film_that_takes_long_to_finish_holds_up_no_other_job(store: JobStore, tmp_path: Path) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    for job_id in ("a-film", "the-clip"):
        to_be_finished(store, artefacts, job_id)
    worker, drawing, drawn = worker_of(store, artefacts), threading.Event(), threading.Event()
    write_whole = artefacts.write_whole

    def take_long(path: str, data: bytes) -> None:
        if "/a-film/" in path:
            drawing.set()
            assert drawn.wait(30)
        write_whole(path, data)

    with mock.patch.object(artefacts, "write_whole", take_long):
        long = worker.serve_ends()
        assert long is not None
        assert drawing.wait(30)
        store.create("new", "a.mp4", JobOptions(), None, "digest")
        worker.serve_plans()
        assert store.view("new").state == "failed", "it was planned: there is no upload"
        finish(worker)
        assert (store.view("the-clip").state, store.view("a-film").state) == ("succeeded", "running")
        drawn.set()
        long.result()
    assert store.view("a-film").state == "succeeded"


def overtaken(client: "redis.Redis", store: JobStore, stage: Stage) -> tuple[Claim, Claim]:
    """Two claims of the same item; the lease of the first ran out."""
    first = store.stages.claim(stage)
    assert first is not None
    client.zadd(stage_key(stage), {first.item: time.time() - 1})
    second = store.stages.claim(stage)
    assert second is not None
    return first, second


def test_who_was_overtaken_ends_nothing_though_the_other_handed_it_back(store: JobStore, client: "redis.Redis") -> None:
    """The other removed the results of the first before it handed the job back."""
    job_id = running(store)
    segment = store.stages.claim("detect")
    assert segment is not None
    store.stages.end_segment(segment, 5)
    first, second = overtaken(client, store, "finish")
    store.stages.hand_back(second)
    assert not store.stages.renew(first)
    assert not store.end(job_id, "succeeded", claim=first)
    third = store.stages.claim("finish")
    assert third is not None
    assert third.attempt == 2
    assert store.end(job_id, "succeeded", claim=third)


def test_who_was_overtaken_gives_no_segment_up(store: JobStore, client: "redis.Redis") -> None:
    begun(store, "one", 1)
    first, second = overtaken(client, store, "detect")
    assert store.stages.detected(second)
    assert store.stages.end_segment(first, 0, "it can't be read") == NOT_OURS
    classified = store.stages.claim("classify")
    assert classified is not None
    assert store.stages.end_segment(classified, 25) == LAST_SEGMENT
    assert store.view("one").errors == []


def test_in_a_full_redis_work_goes_on_and_no_job_is_taken(
    store: JobStore, client: "redis.Redis", redis_url: str, tmp_path: Path
) -> None:
    job_id = running(store)
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            store.create("two", "b.mp4", JobOptions(), None, "digest")
        claim = store.stages.claim("detect")
        assert claim is not None
        assert store.stages.renew(claim)
        store.stages.hand_back(claim)
        claim = store.stages.claim("detect")
        assert claim is not None
        assert store.stages.detected(claim)
        claim = store.stages.claim("classify")
        assert claim is not None
        store.stages.put_back(claim, "in vain")
        assert store.stages.end_segment(claim, 5) == LAST_SEGMENT
        assert store.cancel(job_id)
        claim = store.stages.claim("finish")
        assert claim is not None
        assert store.end(job_id, "cancelled", claim=claim)
        client.config_set("maxmemory", 0)
        client.zadd(stage_key("tidy"), {job_id: 0.0})
        client.config_set("maxmemory", 1)
        bells = Bells(make_celery(redis_url), client)
        bells.ring("finish")
        Sweeper(store, bells, Artefacts(f"file://{tmp_path}"), JobSettings()).sweep()
        assert store.stages.waiting("tidy") == 0, "it is to be forgotten later"
        store.forget(job_id)
    finally:
        client.config_set("maxmemory", 0)
    assert store.states() == {}


def test_a_fifth_of_redis_is_kept_from_new_jobs_for_keys_and_for_those_there_are(
    store: JobStore, client: "redis.Redis"
) -> None:
    store.create("one", "a.mp4", JobOptions(), None, "digest")
    claim = store.stages.claim("plan")
    assert claim is not None
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", int(used * 1.2))
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            store.create("two", "b.mp4", JobOptions(), None, "digest")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            store.start("one", Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
        assert client.set("a-ticket", 1)
        client.config_set("maxmemory", used * 2)
        assert store.create("two", "b.mp4", JobOptions(), None, "digest") == "two"
        assert store.start("one", Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
    finally:
        client.config_set("maxmemory", 0)


def test_a_job_that_is_forgotten_leaves_no_key_and_takes_no_others_away(store: JobStore, client: "redis.Redis") -> None:
    store.create("one", "a.mp4", JobOptions(), "again", "digest")
    store.forget("one")
    assert not client.exists(submission_key("", "again"))
    store.create("two", "a.mp4", JobOptions(), "again", "digest")
    client.delete(submission_key("", "again"))  # as after a day
    store.create("three", "a.mp4", JobOptions(), "again", "digest")
    store.forget("two")
    assert store.create("four", "a.mp4", JobOptions(), "again", "digest") == "three"


def test_a_job_that_finds_no_room_to_begin_begins_when_there_is_some(store: JobStore, client: "redis.Redis") -> None:
    store.create("one", "a.mp4", JobOptions(), None, "digest")
    claim = store.stages.claim("plan")
    assert claim is not None
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            store.start("one", Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})
    finally:
        client.config_set("maxmemory", 0)
    assert store.start("one", Plan(0.0, 5.0, 5), VIDEO, {"residual": 1})


def test_an_option_of_a_later_version_in_a_record_is_passed_over(store: JobStore, client: "redis.Redis") -> None:
    job_id = running(store)
    client.hset(job_key(job_id), "options", '{"fps":2.0,"later":1}')
    assert store.facts(job_id).options.fps == store.view(job_id).options.fps == 2.0


def test_segments_that_lack_the_same_are_shown_as_one_stretch_and_not_all_of_ten_thousand(
    store: JobStore, client: "redis.Redis"
) -> None:
    begun(store, "one", 20)
    lacking = {0: "cut", 1: "cut", 3: "cut", 4: "torn", 5: "torn", 6: "cut"}
    client.hset(job_key("one"), mapping={f"error:{segment}": message for segment, message in lacking.items()})
    stretches = [(each.segment, each.start_s, each.end_s, each.message) for each in store.view("one").errors]
    assert stretches == [
        (0, 0.0, 10.0, "cut (in each segment)"),
        (3, 15.0, 20.0, "cut"),
        (4, 20.0, 30.0, "torn (in each segment)"),
        (6, 30.0, 35.0, "cut"),
    ]
    assert store.missing("one") == lacking
    client.hset(job_key("one"), mapping={f"error:{segment}": f"{segment}" for segment in range(10_000)})
    assert [each.segment for each in store.view("one").errors] == list(range(100))
