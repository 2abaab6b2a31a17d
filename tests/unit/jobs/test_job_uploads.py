"""What the gateway does with an upload before there is a job; without Redis and without a socket."""

import asyncio
import errno
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest
import redis
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from access.keys import ANYBODY
from gateway.door import CALLER
from gateway.jobs import Jobs, clean_name
from gateway.problems import Problematic
from gateway.settings import GatewaySettings
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.store import JobStore, TooManyJobs

FEEDING: list["asyncio.Task[None]"] = []
START = b"\0\0\0\x18ftypmp42\0\0\0\0"


class FullStore(Artefacts):
    """Has room for the beginning, and then none."""

    def open(self, path: str, mode: str = "rb") -> Any:
        file = super().open(path, mode)

        def full(_: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        return SimpleNamespace(write=full, close=file.close)


def jobs_with(artefacts: Artefacts, **settings: Any) -> Jobs:
    store = mock.create_autospec(JobStore, instance=True)
    store.unfinished.return_value = 0
    bells = mock.create_autospec(Bells, instance=True)
    return Jobs(cast(JobStore, store), bells, artefacts, GatewaySettings(**settings), ["residual"], ["default"])


async def request_with(*chunks: bytes | asyncio.Event) -> web.Request:
    """A POST whose body comes in these pieces; what stands behind an event comes after it."""
    protocol = BaseProtocol(asyncio.get_running_loop())
    protocol.connection_made(mock.create_autospec(asyncio.Transport, instance=True))
    stream = StreamReader(protocol, 2**16)
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}

    async def feed() -> None:
        for chunk in chunks:
            if isinstance(chunk, asyncio.Event):
                await chunk.wait()
            else:
                stream.feed_data(chunk)
            await asyncio.sleep(0.01)
        stream.feed_eof()

    FEEDING.append(asyncio.create_task(feed()))
    request = make_mocked_request("POST", "/v1/jobs", headers, payload=stream)
    request[CALLER] = ANYBODY
    return request


HEAD = b'--edge\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
TAIL = b"\r\n--edge--\r\n"


@pytest.fixture
def store_at(tmp_path: Any) -> Callable[[type[Artefacts]], Artefacts]:
    return lambda kind: kind(f"file://{tmp_path}/store")


async def test_a_disk_that_fills_up_is_a_507_and_leaves_nothing(store_at: Callable[..., Artefacts]) -> None:
    artefacts = store_at(FullStore)
    with pytest.raises(Problematic) as raised:
        await jobs_with(artefacts).submit(await request_with(HEAD + START + bytes(5000) + TAIL))
    assert (raised.value.status, raised.value.code) == (507, "disk_full")
    assert "Retry-After" in (raised.value.headers or {})
    assert artefacts.jobs() == []


async def test_a_disk_without_spare_room_takes_no_upload(
    store_at: Callable[..., Artefacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Artefacts, "free_bytes", lambda _: 1000)
    with pytest.raises(Problematic) as raised:
        await jobs_with(store_at(Artefacts)).submit(await request_with(HEAD + START + TAIL))
    assert raised.value.status == 507


async def test_a_video_that_grows_too_large_without_saying_so_is_a_413(store_at: Callable[..., Artefacts]) -> None:
    artefacts = store_at(Artefacts)
    with pytest.raises(Problematic) as raised:
        await jobs_with(artefacts, max_upload_bytes=2000).submit(await request_with(HEAD + START, bytes(4000), TAIL))
    assert raised.value.status == 413
    assert artefacts.jobs() == []


async def test_an_upload_that_others_overtook_is_a_429_and_leaves_nothing(store_at: Callable[..., Artefacts]) -> None:
    artefacts = store_at(Artefacts)
    jobs = jobs_with(artefacts)
    cast(Any, jobs.store).create.side_effect = TooManyJobs("too many")
    with pytest.raises(Problematic) as raised:
        await jobs.submit(await request_with(HEAD + START + TAIL))
    assert (raised.value.status, raised.value.code) == (429, "too_many_jobs")
    assert "Retry-After" in (raised.value.headers or {})
    assert artefacts.jobs() == []


async def test_a_full_redis_takes_no_upload_and_keeps_none(store_at: Callable[..., Artefacts]) -> None:
    full = redis.exceptions.OutOfMemoryError("no room for another job")
    for step in ("check_memory", "create"):
        artefacts = store_at(Artefacts)
        jobs = jobs_with(artefacts)
        store = cast(Any, jobs.store)
        getattr(store, step).side_effect = full
        with pytest.raises(Problematic) as raised:
            await jobs.submit(await request_with(HEAD + START + TAIL))
        assert raised.value.status == 507
        assert store.upload_goes_on.called == (step == "create"), "received only where there was room"
        assert artefacts.jobs() == []


async def test_an_upload_is_on_the_disk_before_its_record(
    store_at: Callable[..., Artefacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []
    monkeypatch.setattr(Artefacts, "settle", lambda _, path: settled.append(path))
    jobs = jobs_with(store_at(Artefacts))

    def create(job_id: str, *_: object) -> str:
        assert settled == [jobs.artefacts.path(job_id, "upload")]
        raise TooManyJobs("up to here it was seen")

    cast(Any, jobs.store).create.side_effect = create
    with pytest.raises(Problematic, match="up to here"):
        await jobs.submit(await request_with(HEAD + START + TAIL))


async def test_a_disk_that_others_fill_ends_an_upload(
    store_at: Callable[..., Artefacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    artefacts, free = store_at(Artefacts), iter([10**12, 1000])
    monkeypatch.setattr(Artefacts, "free_bytes", lambda _: next(free))
    monkeypatch.setattr("gateway.jobs.ROOM_CHECKED_BYTES", 4000)
    with pytest.raises(Problematic) as raised:
        await jobs_with(artefacts).submit(await request_with(HEAD + START, bytes(5000), bytes(5000), TAIL))
    assert raised.value.status == 507
    assert artefacts.jobs() == []


async def test_no_more_videos_are_received_at_once_than_may_become_jobs(store_at: Callable[..., Artefacts]) -> None:
    jobs = jobs_with(store_at(Artefacts), max_unfinished_jobs=1)
    cast(Any, jobs.store).create.side_effect = LookupError("it was received")
    one_was_refused = asyncio.Event()
    uploads = [
        asyncio.create_task(jobs.submit(await request_with(HEAD + START, one_was_refused, TAIL))) for _ in range(2)
    ]
    # Either may come first: each is asked in a thread whether there is room.
    (refused,), (received,) = await asyncio.wait(uploads, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(Problematic) as raised:
        await refused
    assert (raised.value.status, raised.value.code) == (429, "too_many_jobs")
    one_was_refused.set()
    with pytest.raises(LookupError):
        await received


@pytest.mark.parametrize("part", ["video", "options", "colour"])
async def test_a_part_too_many_is_a_400(store_at: Callable[..., Artefacts], part: str) -> None:
    options = b'--edge\r\nContent-Disposition: form-data; name="options"\r\n\r\n{}\r\n'
    more = f'\r\n--edge\r\nContent-Disposition: form-data; name="{part}"\r\n\r\n{{}}'.encode()
    artefacts = store_at(Artefacts)
    with pytest.raises(Problematic) as raised:
        await jobs_with(artefacts).submit(await request_with(options + HEAD + START + more + TAIL))
    assert (raised.value.status, raised.value.code) == (400, "bad_request")
    assert artefacts.jobs() == []


async def test_a_client_that_starts_slowly_is_understood(store_at: Callable[..., Artefacts]) -> None:
    artefacts = store_at(Artefacts)
    jobs = jobs_with(artefacts)
    cast(Any, jobs.store).create.side_effect = LookupError("up to here it was understood")
    pieces = [HEAD, *(START[at : at + 1] for at in range(16)), bytes(100), TAIL]
    with pytest.raises(LookupError):
        await jobs.submit(await request_with(*pieces))
    (job_id,) = artefacts.jobs()
    assert artefacts.read(artefacts.path(job_id, "upload")) == START + bytes(100)


async def test_a_client_that_goes_away_at_the_very_end_still_has_its_job(store_at: Callable[..., Artefacts]) -> None:
    """It may ask again under its key, and must not find a job without an upload."""
    artefacts = store_at(Artefacts)
    jobs = jobs_with(artefacts)
    created = asyncio.Event()
    loop = asyncio.get_running_loop()
    cast(Any, jobs.store).create.side_effect = lambda job_id, *_: (loop.call_soon_threadsafe(created.set), job_id)[1]
    submitting = asyncio.create_task(jobs.submit(await request_with(HEAD + START + TAIL)))
    await created.wait()
    submitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submitting
    (job_id,) = artefacts.jobs()
    assert artefacts.exists(artefacts.path(job_id, "upload"))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\film.avi", "film.avi"),
        ("/etc/", "video"),
        ("", "video"),
        (None, "video"),
        ("a\x00b\nc\u202ed.mp4", "abcd.mp4"),
        ("\udcff.mp4", ".mp4"),
        ("Größe 映画.mp4", "Größe 映画.mp4"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names_are_shown_without_folders_and_signs_that_can_not_be_printed(given: str | None, shown: str) -> None:
    assert clean_name(given) == shown
