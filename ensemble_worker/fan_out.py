"""Asks every member at once and waits no longer than it must."""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from contracts.members import Ensemble
from ensemble_worker.canary import Canaries
from ensemble_worker.member import Member
from ensemble_worker.settings import EnsembleSettings, parse_canaries, parse_members
from runtime.model_tree import BadModelTree

PROBES_HEARD_WITHIN_S: Final = 0.001


class FanOut:
    """The members, asked together.

    An open member is skipped. When its time has come one call probes it beside the others, which do not wait for it:
    a member that hangs costs its own answer and nobody's time.
    """

    def __init__(self, members: Sequence[Member], canaries: Canaries | None = None) -> None:
        self._members = members
        self.canaries = canaries or Canaries([], 0.0)
        self._probes: set[asyncio.Task[npt.NDArray[np.float32] | None]] = set()

    @property
    def names(self) -> list[str]:
        return [member.name for member in self._members]

    async def predict(
        self, crops: bytes, timeout_s: float, left_s: float = math.inf, asked: Collection[str] = ()
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Member -> float32 [n, 7] for the members that answered within `timeout_s`, or `left_s` where that is less.

        `asked` names those whose answer is needed: all when it is empty, and when each of them is known to be out.
        """
        if self._probes:
            # The loop stood still since the last call: what they found meanwhile is heard before anybody is passed by.
            await asyncio.wait(self._probes, timeout=PROBES_HEARD_WITHIN_S)
        now = time.monotonic()
        calls = {}
        probes = {}
        for member in self._needed(asked):
            if member.breaker.closed:
                calls[member.name] = asyncio.ensure_future(member.predict(crops, timeout_s, left_s))
            elif member.breaker.take_probe(now):
                probe = asyncio.ensure_future(member.predict(crops, timeout_s))
                probes[member.name] = probe
                self._probes.add(probe)
                probe.add_done_callback(self._probes.discard)
        if calls:
            await asyncio.wait(calls.values())
        elif probes:
            await asyncio.wait(probes.values(), timeout=min(timeout_s, left_s))
        answers = {
            name: call.result() for name, call in (calls | probes).items() if call.done() and not call.cancelled()
        }
        return {name: answer for name, answer in answers.items() if answer is not None}

    async def predict_in_turn(
        self, crops: bytes, timeout_s: float, asked: Collection[str], goes_on: Callable[[], None]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """The same of those asked and nobody in their place, one after the other: for work that can be tried again and
        must not take all cores from live frames at once. `goes_on` is called before each, and may raise to end it.
        """
        answers = {}
        for member in [member for member in self._members if member.name in asked]:
            if member.breaker.closed or member.breaker.take_probe(time.monotonic()):
                goes_on()
                answer = await member.predict(crops, timeout_s)
                if answer is not None:
                    answers[member.name] = answer
        return answers

    def _needed(self, asked: Collection[str]) -> Sequence[Member]:
        needed = [member for member in self._members if member.name in asked]
        return needed if any(member.breaker.closed for member in needed) else self._members

    async def wait_for_all(self, timeout_s: float) -> None:
        """Returns when every member can be reached, or after so long: at a start they may come up together with us."""
        waiting = [asyncio.ensure_future(member.reachable()) for member in self._members]
        _, late = await asyncio.wait(waiting, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        for probe in self._probes:
            probe.cancel()
        for member in self._members:
            await member.close()
        await self.canaries.close()


async def open_members(settings: EnsembleSettings, ensemble: Ensemble) -> FanOut:
    """The members that the settings name, their channels in the running loop. Raises BadSetting and BadModelTree."""
    targets = parse_members(settings.members)
    canaries = parse_canaries(settings.canaries)
    members, reading_along = (
        [Member(label, target, settings.member_retry_s) for label, target in labelled.items()]
        for labelled in (targets, canaries)
    )
    for setting, named in (("THESPIS_MEMBERS", members), ("THESPIS_CANARIES", reading_along)):
        if unknown := {member.name for member in named} - set(ensemble.members):
            raise BadModelTree(f"{setting} names {sorted(unknown)}, which models.toml does not have")
    return FanOut(members, Canaries(reading_along, settings.canary_share))
