import asyncio

from gateway.admission import Admission


async def test_places_are_given_in_the_order_of_asking() -> None:
    admission = Admission(1)
    order: list[int] = []

    async def work(number: int) -> None:
        async with admission:
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_no_more_than_the_capacity_work_at_once() -> None:
    admission = Admission(2)
    working = most = 0

    async def work() -> None:
        nonlocal working, most
        async with admission:
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1

    await asyncio.gather(*(work() for _ in range(6)))
    assert most == 2


async def test_one_who_gives_up_waiting_takes_no_place() -> None:
    admission = Admission(1)
    async with admission:
        waiting = asyncio.create_task(admission.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
    async with asyncio.timeout(1), admission:
        pass
