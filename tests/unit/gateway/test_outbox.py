import asyncio

from contracts.protocol import Dropped
from gateway.outbox import Outbox


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
