import asyncio
import contextlib

import pytest

from gateway.admission import Admission, Full, SharedAdmission, Shares


async def order_of(admission: Admission, *askers: str) -> list[str]:
    """In which order they were let in who all asked at once, in this order."""
    order: list[str] = []

    async def work(name: str) -> None:
        async with admission.place(name[0]):
            order.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, askers))
    return order


async def test_a_callers_places_are_given_in_the_order_of_asking() -> None:
    assert await order_of(Admission(1), *(f"a{number}" for number in range(5))) == ["a0", "a1", "a2", "a3", "a4"]


async def test_callers_take_turns_however_many_places_one_asks_for() -> None:
    askers = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]
    assert await order_of(Admission(1), *askers) == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_no_more_than_the_capacity_work_at_once() -> None:
    admission = Admission(2)
    working = most = 0

    async def work() -> None:
        nonlocal working, most
        async with admission.place("anna"):
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1

    await asyncio.gather(*(work() for _ in range(6)))
    assert most == 2


async def test_one_who_gives_up_waiting_takes_no_place() -> None:
    admission = Admission(1)
    async with contextlib.AsyncExitStack() as held:
        await held.enter_async_context(admission.place("anna"))
        waiting = asyncio.create_task(held.enter_async_context(admission.place("anna")))
        await asyncio.sleep(0)
        waiting.cancel()
    async with asyncio.timeout(1), admission.place("bert"):
        pass


async def test_one_who_gives_up_in_the_moment_of_being_let_in_takes_no_place() -> None:
    admission = Admission(1)
    async with contextlib.AsyncExitStack() as held:
        async with admission.place("anna"):
            waiting = asyncio.create_task(held.enter_async_context(admission.place("anna")))
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(1), admission.place("bert"):
            pass


async def test_who_has_their_share_waits_and_holds_up_nobody_else() -> None:
    admission = SharedAdmission(4, 2)
    async with contextlib.AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(admission.place("anna", 1))
        third = asyncio.create_task(held.enter_async_context(admission.place("anna", 60)))
        async with admission.place("bert", 1), admission.place("bert", 1):
            assert not third.done()
        third.cancel()


async def test_who_finds_no_place_in_time_is_told_and_takes_none() -> None:
    admission = SharedAdmission(2, 1)
    async with admission.place("anna", 1):
        with pytest.raises(Full):
            async with admission.place("anna", 0.0):
                pass
    async with admission.place("anna", 1), admission.place("bert", 1):
        pass


async def test_a_timeout_of_the_work_itself_is_not_taken_for_a_full_house() -> None:
    with pytest.raises(TimeoutError):
        async with SharedAdmission(1, 1).place("anna", 1):
            raise TimeoutError


async def test_those_without_a_name_may_have_every_place() -> None:
    admission = SharedAdmission(3, 1)
    async with admission.place("", 1), admission.place("", 1), admission.place("", 1):
        pass


async def test_places_are_free_again_after_the_work() -> None:
    admission = SharedAdmission(2, 1)
    for _ in range(5):
        async with admission.place("anna", 1):
            pass


def test_shares_are_refused_to_who_has_as_many_as_they_may() -> None:
    shares = Shares()
    with shares.one_more("anna", 2), shares.one_more("anna", 2):
        with pytest.raises(Full), shares.one_more("anna", 2):
            pass
        with shares.one_more("bert", 2):
            pass
    with shares.one_more("anna", 1):
        pass
