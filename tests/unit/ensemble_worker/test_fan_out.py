"""The fan-out against members made for the test: no socket, only coroutines."""

import asyncio

import numpy as np
import numpy.typing as npt
import pytest

from ensemble_worker.breaker import Breaker
from ensemble_worker.fan_out import FanOut

ANSWER = np.full((1, 7), 1 / 7, np.float32)


class ScriptedMember:
    """Answers, fails or waits as told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.breaker = Breaker(0.0)
        self.calls = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def predict(self, crops: bytes, timeout_s: float, left_s: float = 0.0) -> npt.NDArray[np.float32] | None:
        self.calls += 1
        await self.may_answer.wait()
        self.breaker.succeeded()
        return ANSWER

    async def reachable(self) -> None:
        await self.may_answer.wait()

    async def close(self) -> None:
        """Nothing is held."""


def goes_on() -> None:
    """Nobody wants it to end."""


async def test_all_members_are_asked_at_once() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    answers = await FanOut(members).predict(b"", 1.0)
    assert set(answers) == {"a", "b"}


async def test_only_the_members_asked_for_are_asked() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    fan_out = FanOut(members)
    assert set(await fan_out.predict(b"", 1.0, asked=["a"])) == {"a"}
    assert set(await fan_out.predict_in_turn(b"", 1.0, ["a"], goes_on)) == {"a"}
    assert [member.calls for member in members] == [2, 0]


async def test_when_those_asked_for_are_known_to_be_out_the_others_stand_in() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    members[0].breaker = Breaker(1000.0)
    members[0].breaker.failed(1e12)
    fan_out = FanOut(members)
    assert set(await fan_out.predict(b"", 1.0, asked=["a"])) == {"b"}
    assert set(await fan_out.predict_in_turn(b"", 1.0, ["a"], goes_on)) == set()


async def test_an_open_member_is_not_asked() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    members[1].breaker = Breaker(1000.0)
    members[1].breaker.failed(1e12)
    answers = await FanOut(members).predict(b"", 1.0)
    assert set(answers) == {"a"}
    assert members[1].calls == 0


async def test_when_every_member_is_open_the_probes_are_waited_for() -> None:
    member = ScriptedMember("a")
    member.breaker.failed(0.0)
    assert set(await FanOut([member]).predict(b"", 1.0)) == {"a"}


async def test_they_are_waited_for_no_longer_than_the_frame_has() -> None:
    member = ScriptedMember("a")
    member.breaker.failed(0.0)
    member.may_answer.clear()
    assert await FanOut([member]).predict(b"", 1000.0, left_s=0.01) == {}


async def test_nobody_waits_for_the_probe_of_a_member_that_hangs_and_its_answer_is_heard_by_the_next_call() -> None:
    """Between the two the worker's loop stands still, however long that is."""
    members = [ScriptedMember("a"), ScriptedMember("b")]
    members[1].breaker.failed(0.0)
    members[1].may_answer.clear()
    fan_out = FanOut(members)
    assert set(await fan_out.predict(b"", 1.0)) == {"a"}
    members[1].may_answer.set()
    assert set(await fan_out.predict(b"", 1.0)) == {"a", "b"}
    assert members[1].breaker.closed


async def test_work_that_must_end_asks_no_further_member() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    told_to_stop = iter([None, ConnectionAbortedError()])

    def stop_after_one() -> None:
        if (problem := next(told_to_stop)) is not None:
            raise problem

    with pytest.raises(ConnectionAbortedError):
        await FanOut(members).predict_in_turn(b"", 1.0, ["a", "b"], stop_after_one)
    assert [member.calls for member in members] == [1, 0]


async def test_without_any_member_to_ask_the_answer_is_empty_at_once() -> None:
    member = ScriptedMember("a")
    member.breaker = Breaker(1000.0)
    member.breaker.failed(1e12)
    assert await FanOut([member]).predict(b"", 1.0) == {}


async def test_a_start_waits_for_every_member_but_not_for_ever() -> None:
    members = [ScriptedMember("a"), ScriptedMember("b")]
    members[1].may_answer.clear()
    fan_out = FanOut(members)
    waiting = asyncio.ensure_future(fan_out.wait_for_all(100.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    members[1].may_answer.set()
    await asyncio.wait_for(waiting, 10.0)
    members[1].may_answer.clear()
    await fan_out.wait_for_all(0.01)
