"""Frames wait in a list until a worker hears the doorbell; over a real Redis."""

import time
import traceback

import msgspec
import pytest
import redis

from contracts.names import CLASSIFY_FACES, DETECT_FACES, WAITING_FACES, WAITING_FRAMES, picture_key
from contracts.work import ClassifyFaces, DetectFaces, FrameFailed
from detector_worker.settings import DetectorSettings
from detector_worker.worker import DetectorWorker
from jobs.bells import TASK_OF, Bells
from runtime import pixels
from runtime.celery_app import make_celery
from runtime.doorbell import MOST_WAITING, Doorbell

CHANNEL = "replies"


@pytest.fixture
def doorbell(redis_url: str) -> Doorbell:
    return Doorbell(make_celery(redis_url), DETECT_FACES, WAITING_FRAMES)


def ring(client: "redis.Redis", doorbell: Doorbell, *entries: bytes) -> None:
    with client.pipeline(transaction=False) as pipeline:
        doorbell.lay_down(pipeline, entries)
        pipeline.execute()


def rings(client: "redis.Redis") -> int:
    return int(client.llen(DETECT_FACES))


def test_entries_are_taken_oldest_first(client: "redis.Redis", doorbell: Doorbell) -> None:
    ring(client, doorbell, b"1", b"2")
    ring(client, doorbell, b"3")
    assert doorbell.take(client, 8) == [b"1", b"2", b"3"]
    assert doorbell.take(client, 8) == []


def test_it_is_not_rung_again_while_nobody_has_heard_it(client: "redis.Redis", doorbell: Doorbell) -> None:
    ring(client, doorbell, b"1")
    ring(client, doorbell, b"2")
    assert rings(client) == 1
    client.rpop(DETECT_FACES)  # a worker hears it
    ring(client, doorbell, b"3")
    assert rings(client) == 1


def test_whoever_leaves_something_rings_for_the_next(client: "redis.Redis", doorbell: Doorbell) -> None:
    ring(client, doorbell, b"1", b"2", b"3")
    client.rpop(DETECT_FACES)
    assert doorbell.take(client, 2) == [b"1", b"2"]
    assert rings(client) == 1
    client.rpop(DETECT_FACES)
    assert doorbell.take(client, 2) == [b"3"]
    assert rings(client) == 0


def test_a_worker_that_ends_rings_for_what_its_last_ring_was_for(client: "redis.Redis", doorbell: Doorbell) -> None:
    ring(client, doorbell, b"1")
    client.rpop(DETECT_FACES)  # heard, and then told to stop
    doorbell.pass_on(client)
    assert rings(client) == 1
    assert doorbell.take(client, 2) == [b"1"]
    client.rpop(DETECT_FACES)
    doorbell.pass_on(client)
    assert rings(client) == 0, "nothing waits"


def test_nothing_grows_or_stays_when_nobody_takes_it(client: "redis.Redis", doorbell: Doorbell, redis_url: str) -> None:
    for sender in range(MOST_WAITING + 10):  # each of another process: its ring is another
        other = doorbell if sender == 0 else Doorbell(make_celery(redis_url), DETECT_FACES, WAITING_FRAMES)
        ring(client, other, str(sender).encode())
    assert rings(client) == MOST_WAITING
    assert client.llen(WAITING_FRAMES) == MOST_WAITING
    assert client.lindex(WAITING_FRAMES, 0) == b"10", "the oldest go"
    assert 0 < int(client.ttl(WAITING_FRAMES)) <= 30


def test_a_stage_of_jobs_is_rung_once_and_leaves_nothing_else(client: "redis.Redis", redis_url: str) -> None:
    bells = Bells(make_celery(redis_url), client)
    bells.ring("finish")
    bells.ring("finish")
    assert client.keys() == [TASK_OF["finish"].encode()]
    assert client.llen(TASK_OF["finish"]) == 1


def test_frames_taken_at_once_have_each_their_own_fate(
    client: "redis.Redis", doorbell: Doorbell, redis_url: str, jpeg: bytes
) -> None:
    worker = DetectorWorker(DetectorSettings(), client, make_celery(redis_url))
    now = time.time()
    pictures = {"good": jpeg, "damaged": b"\xff\xd8 no picture", "late": jpeg, "lost": None, "good too": jpeg}
    for correlation_id, picture in pictures.items():
        if picture is not None:
            client.set(picture_key(correlation_id), picture)
        deadline = now - 1 if correlation_id == "late" else now + 60
        command = DetectFaces(
            correlation_id, CHANNEL, picture_key(correlation_id), deadline,
            max_faces=4, min_face_size=20, vote_profile="accurate", votes=False,
        )  # fmt: skip
        ring(client, doorbell, msgspec.msgpack.encode(command))
    with client.pubsub() as replies:
        replies.subscribe(CHANNEL)
        replies.get_message(timeout=5)  # the subscription itself
        worker.serve_waiting_frames()
        worker.serve_waiting_frames()  # four at most are taken at once
        reply = replies.get_message(timeout=5)
        assert replies.get_message(timeout=0) is None, "only the damaged picture is answered here"
    assert reply is not None
    failure = msgspec.msgpack.decode(reply["data"], type=FrameFailed)
    assert (failure.correlation_id, failure.code) == ("damaged", "undecodable_image")
    crops = [msgspec.msgpack.decode(entry, type=ClassifyFaces) for entry in client.lrange(WAITING_FACES, 0, -1)]
    assert [(frame.correlation_id, len(frame.faces)) for frame in crops] == [("good", 1), ("good too", 1)]
    for frame in crops:
        assert client.strlen(frame.crops_key) == 48 * 48
        assert 30_000 < client.pttl(frame.crops_key) <= 60_500, "crops outlive their frame by half a second"
    assert client.llen(CLASSIFY_FACES) == 1, "one ring for both"
    assert client.keys("*picture*") == [], "no picture outlives its look"


def test_what_redis_refuses_is_told_without_a_pixel(client: "redis.Redis") -> None:
    """redis-py quotes the beginning of the command; Celery writes what a task raises into the log."""
    client.set("no list", b"")
    with client.pipeline(transaction=False) as pipeline:
        pipeline.lpush("no list", b"pixels of a face")
        with pytest.raises(redis.ResponseError) as raised:
            pixels.send(pipeline)
    assert "WRONGTYPE" in str(raised.value)
    assert "pixels" not in "".join(traceback.format_exception(raised.value)).replace("pixels.", "")
