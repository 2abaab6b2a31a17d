"""Far more frames than the platform can read: all are answered, none is read for nothing, and it ends with them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from contracts.protocol import Dropped, Error, Result
from tests.integration.live_session import LiveSession, live_session
from tests.integration.scraping import Scraped
from tests.platform_process import THESPIS_UP, Platform
from thespis.streaming import open_stream

SESSIONS = 40
FRAMES = 30


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    log = tmp_path_factory.mktemp("overload") / "up.log"
    with Platform(
        log,
        (*THESPIS_UP, "--metrics"),
        THESPIS_DETECTORS="1",
        THESPIS_MAX_SESSIONS=str(SESSIONS),
        THESPIS_PREDICT_TIMEOUT_MS="400",  # as by default: what waits for a member that is late is late itself
    ) as platform:
        yield platform


@pytest.fixture
async def sessions(crowded: Platform) -> AsyncIterator[list[LiveSession]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(live_session(crowded.url)) for _ in range(SESSIONS)]


async def send_many(session: LiveSession, jpeg: bytes) -> None:
    for _ in range(FRAMES):
        await session.send(jpeg)
    while len(session.ids()) < FRAMES:
        await session.next()


async def test_each_frame_is_answered_once_and_what_is_dropped_was_never_read(
    crowded: Platform, sessions: list[LiveSession], jpeg: bytes
) -> None:
    scraped = Scraped(crowded)
    read = ("thespis_batch_size_sum", "detect")
    before = scraped.of("detector_worker.1").get(read, 0)
    await asyncio.gather(*(send_many(session, jpeg) for session in sessions))
    assert all(session.ids() == list(range(1, FRAMES + 1)) for session in sessions)
    answers = [answer for session in sessions for answer in session.answers()]
    dropped = Counter(answer.reason for answer in answers if isinstance(answer, Dropped))
    results = sum(isinstance(answer, Result) for answer in answers)
    errors = Counter(answer.code for answer in answers if isinstance(answer, Error))
    assert set(errors) <= {"unavailable"}, "no member answered in time"
    assert results + dropped.total() + errors.total() == SESSIONS * FRAMES
    assert dropped["superseded"] > results > 0
    late = dropped.total() - dropped["superseded"] + errors.total()
    assert results <= scraped.of("detector_worker.1")[read] - before <= results + late


async def test_who_finds_no_place_is_told_so(crowded: Platform, sessions: list[LiveSession]) -> None:
    assert len(sessions) == SESSIONS
    with pytest.raises(ConnectionError, match="too_many_sessions"):
        async with open_stream(crowded.url):
            pass


async def test_a_place_is_free_once_its_session_is_closed(
    crowded: Platform, sessions: list[LiveSession], jpeg: bytes
) -> None:
    async with AsyncExitStack() as newcomers:
        for session in sessions:
            await session.send(jpeg)
        for session in sessions:
            await session.connection.close()
            await newcomers.enter_async_context(open_stream(crowded.url))


async def test_the_first_session_afterwards_has_the_platform_to_itself(crowded: Platform, jpeg: bytes) -> None:
    async with live_session(crowded.url) as session:
        read = 0
        while read < 20:
            answer = await session.read(jpeg)
            if isinstance(answer, Error):
                assert answer.code == "unavailable", answer  # both members were late at once
            else:
                read += 1
    # On a busy machine a frame may be late; nobody else's frame may stand in its way, nor hold a place for good.
    assert {answer.reason for answer in session.answers() if isinstance(answer, Dropped)} <= {"expired"}
    assert len(session.answers()) <= 40
