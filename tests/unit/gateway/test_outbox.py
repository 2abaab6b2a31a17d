import asyncio

from contracts.protocol import Dropped, SessionClosed, SessionTotals
from gateway.outbox import MOST_UNSENT_BYTES, Outbox


async def test_messages_go_out_in_order() -> None:
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    outbox = Outbox(send, 10)
    for frame_id in range(3):
        outbox.put(Dropped(frame_id, 0, "rate"))
    running = asyncio.create_task(outbox.run())
    await outbox.flushed()
    running.cancel()
    assert [f'"frame_id":{frame_id}' in text for frame_id, text in enumerate(sent)] == [True] * 3


async def test_a_reader_who_is_too_slow_is_noticed_and_nobody_waits() -> None:
    async def never(_: str) -> None:
        await asyncio.Event().wait()

    outbox = Outbox(never, 2)
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0)
    for frame_id in range(3):
        assert not outbox.overflowed.is_set()
        outbox.put(Dropped(frame_id, 0, "rate"))
    outbox.put(Dropped(3, 0, "rate"))
    assert outbox.overflowed.is_set()
    running.cancel()


async def test_few_large_messages_are_too_many_for_a_slow_reader_as_well() -> None:
    read = asyncio.Semaphore(0)

    async def when_read(_: str) -> None:
        await read.acquire()

    outbox = Outbox(when_read, 500)
    running = asyncio.create_task(outbox.run())
    large = SessionClosed("x" * (MOST_UNSENT_BYTES // 2), SessionTotals(0, 0, {}, 0))
    for _ in range(2):
        outbox.put(large)
    read.release()
    read.release()
    await outbox.flushed()
    for _ in range(2):
        outbox.put(large)
        assert not outbox.overflowed.is_set(), "what was read counts no more"
    outbox.put(large)
    assert outbox.overflowed.is_set()
    running.cancel()
