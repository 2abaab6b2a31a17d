"""Who asks whether a frame has a way through, and what it costs."""

import asyncio
from typing import Any, cast
from unittest import mock

from contracts.members import Ensemble
from contracts.work import ReadyChecked
from gateway.dispatcher import Dispatcher
from gateway.health import GOOD_FOR_S, ReadinessCheck


async def test_many_who_ask_at_once_cost_the_workers_one_look() -> None:
    dispatcher = mock.create_autospec(Dispatcher, instance=True)
    dispatcher.check_ensemble.return_value = ReadyChecked("an id", ["residual"], [])
    check = ReadinessCheck(dispatcher, Ensemble([], {}, {}), 0.5)
    found = await asyncio.gather(*[check.now() for _ in range(10)])
    assert all(readiness.ready for readiness in found)
    assert (await check.now()).ready
    assert dispatcher.check_detector.await_count == dispatcher.check_ensemble.await_count == 1
    cast(Any, check)._looked_at -= GOOD_FOR_S
    assert (await check.now()).ready
    assert dispatcher.check_ensemble.await_count == 2
