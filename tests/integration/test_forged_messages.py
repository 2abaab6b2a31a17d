"""Whoever gets at Redis can make no worker run anything but its own tasks, and bring none down."""

import base64
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from contracts.names import (
    CLASSIFY_FACES,
    DETECT_FACES,
    DETECT_IN_PICTURE,
    EXPLAIN_FACES,
    WAITING_EXPLANATIONS,
    WAITING_FACES,
    WAITING_FRAMES,
    WAITING_PICTURES,
)
from contracts.protocol import Result
from jobs.bells import TASK_OF
from runtime.celery_app import make_celery
from tests.platform_process import Platform
from tests.waiting import wait_until
from thespis import Client

MARK = "touched-by-a-forged-message"
QUEUES = [("THESPIS_REDIS_URL", name) for name in (DETECT_FACES, DETECT_IN_PICTURE, CLASSIFY_FACES, EXPLAIN_FACES)] + [
    ("THESPIS_JOBS_REDIS_URL", name) for name in TASK_OF.values()
]


class Evil:
    """Its pickle, loaded, leaves a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def message(body: bytes, kind: str = "application/json", **changed: Any) -> bytes:
    headers = {"task": "detect_faces", "id": "forged", "lang": "py", **changed}
    properties = {"delivery_tag": "t", "delivery_info": {"exchange": "", "routing_key": "x"}, "body_encoding": "base64"}
    encoded = base64.b64encode(body).decode()
    return json.dumps(
        {
            "body": encoded,
            "content-type": kind,
            "content-encoding": "utf-8",
            "headers": headers,
            "properties": properties,
        }
    ).encode()


def forged(queue: str, trace: Path) -> list[bytes]:
    """What a person with redis-cli might think of."""
    command = f"touch {trace}"
    nothing = b"[[],{},{}]"
    return [
        b"\x80\x04\xff", b"hello", b"", b"1", b"null", b"[]", b"{}", b'"text"', b"[" * 100_000,
        b'{"body": "", "properties": {}}', b'{"body": "%", "headers": {"task": "", "id": "1"}}',
        message(pickle.dumps(((Evil(trace),), {}, {})), "application/x-python-serialize", task=queue),
        message(pickle.dumps(((Evil(trace),), {}, {})), task=queue),
        message(f"!!python/object/apply:os.system ['{command}']".encode(), "application/x-yaml", task=queue),
        message(json.dumps([[command], {}, {}]).encode(), task="os.system"),
        message(json.dumps([["os.system", [[command]]], {}, {}]).encode(), task="celery.map"),
        message(nothing, task="celery.backend_cleanup"), message(nothing, task=None),
        message(nothing, task=queue, id=7),
        message(nothing, task=queue, eta="garbage", expires="garbage"),
        message(nothing, task=queue, compression="application/x-bz2"),
        message(nothing, task=queue, eta="2999-01-01T00:00:00", timelimit=["x", "y"], retries="many"),
        message(json.dumps([[command], {"a": 1}, {"chain": [{"task": "os.system"}], "chord": 1}]).encode(), task=queue),
        message(json.dumps([[], {}, {"callbacks": [{"task": "os.system", "args": [command]}]}]).encode(), task=queue),
        message(b'[[],{"correlation_id": 1},{}]', task="check_detector"), message(b'{"not": "a list"}', task=queue),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Platform(tmp_path_factory.mktemp("victim") / "up.log") as running:
        yield running


@pytest.mark.parametrize(("server", "queue"), QUEUES)
def test_a_forged_message_runs_nothing_and_brings_no_worker_down(
    victim: Platform, tmp_path: Path, jpeg: bytes, server: str, queue: str
) -> None:
    trace = tmp_path / MARK
    before = {child.pid for child in victim.children}
    messages = forged(queue, trace)
    with redis.Redis.from_url(victim.child("-m gateway").environ()[server]) as client:
        client.lpush(queue, *messages)
        wait_until(lambda: client.llen(queue) == 0)
    with Client(victim.url) as thespis:
        assert len(thespis.analyze(jpeg).faces) == 1, "they work as before"
    assert {child.pid for child in victim.children} >= before
    assert not trace.exists()
    assert "child_fell" not in victim.log.read_text()
    assert MARK not in victim.log.read_text(), "what it said stands in no log"


def test_the_file_would_have_been_seen(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Evil(tmp_path / MARK)))
    assert (tmp_path / MARK).exists()


def by_a_live_frame(thespis: Client, jpeg: bytes) -> None:
    with thespis.stream() as stream:
        stream.send(jpeg)
        while not isinstance(stream.receive(timeout_s=30), Result):  # one that is too late rings no ensemble worker
            stream.send(jpeg)


def by_a_picture(thespis: Client, jpeg: bytes) -> None:
    assert len(thespis.analyze(jpeg).faces) == 1


def by_an_explanation(thespis: Client, jpeg: bytes) -> None:
    assert len(thespis.analyze(jpeg, explain=True).faces) == 1


@pytest.mark.parametrize(
    ("waiting", "ring"),
    [
        (WAITING_FRAMES, by_a_live_frame),
        (WAITING_FACES, by_a_live_frame),
        (WAITING_PICTURES, by_a_picture),
        (WAITING_EXPLANATIONS, by_an_explanation),
    ],
)
def test_a_forged_entry_costs_the_frames_beside_it_nothing(
    victim: Platform, jpeg: bytes, waiting: str, ring: Callable[[Client, bytes], None]
) -> None:
    no_text, too_deep = b"\x81\xaecorrelation_id\xa1\xff", b"\x81\xa1x" + 3000 * b"\x91" + b"\xc0"
    strange = msgspec.msgpack.encode({"correlation_id": 1})
    entries = [b"", b"garbage", b"\xc1", pickle.dumps(1), strange, no_text, too_deep]
    told = victim.log.read_text().count("entry_unreadable")
    with redis.Redis.from_url(victim.child("-m gateway").environ()["THESPIS_REDIS_URL"]) as client:
        client.rpush(waiting, *entries)
        with Client(victim.url) as thespis:
            ring(thespis, jpeg)
            wait_until(lambda: client.llen(waiting) == 0)
            by_a_picture(thespis, jpeg)
    wait_until(lambda: victim.log.read_text().count("entry_unreadable") >= told + len(entries))
    assert "child_fell" not in victim.log.read_text()


def test_celery_takes_json_and_nothing_else() -> None:
    conf = make_celery("redis://127.0.0.1:1/0").conf
    assert set(conf.accept_content) == {"json"}
    assert (conf.task_serializer, conf.worker_enable_remote_control) == ("json", False)
