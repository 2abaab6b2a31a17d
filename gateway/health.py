"""`GET /readyz`: does a frame have a way through, and if not, what is missing."""

import asyncio
import time
from functools import partial

from contracts.api import Readiness
from contracts.members import Ensemble
from contracts.protocol import Members
from contracts.work import ReadyChecked
from gateway.dispatcher import Dispatcher, Unavailable, WorkError

CHECK_TIMEOUT_S = 2.0
GOOD_FOR_S = 1.0


class ReadinessCheck:
    """One look for all who ask within a second: anybody may ask, and each look costs the workers a little."""

    def __init__(self, dispatcher: Dispatcher, ensemble: Ensemble, quorum: float) -> None:
        self._look = partial(check_readiness, dispatcher, ensemble, quorum)
        self._looking: asyncio.Task[Readiness] | None = None
        self._looked_at = 0.0

    async def now(self) -> Readiness:
        """As it is, or was less than a second ago."""
        if self._looking is None or (self._looking.done() and time.monotonic() - self._looked_at > GOOD_FOR_S):
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        return await asyncio.shield(self._looking)

    def _looked(self, _: "asyncio.Task[Readiness]") -> None:
        self._looked_at = time.monotonic()


async def check_readiness(dispatcher: Dispatcher, ensemble: Ensemble, quorum: float) -> Readiness:
    """Sends a small task through each queue; `quorum` is the share of members that must answer a warm call."""
    detector, ensemble_reply = await asyncio.gather(
        dispatcher.check_detector(CHECK_TIMEOUT_S),
        dispatcher.check_ensemble(CHECK_TIMEOUT_S),
        return_exceptions=True,
    )
    missing = []
    members = Members([], list(ensemble.members))
    if isinstance(detector, Unavailable):
        return Readiness(False, [str(detector)], members)
    if isinstance(detector, WorkError):
        missing.append("no detector worker answers")
    elif isinstance(detector, BaseException):
        raise detector
    if isinstance(ensemble_reply, WorkError):
        missing.append("no ensemble worker answers")
    elif isinstance(ensemble_reply, BaseException):
        raise ensemble_reply
    else:
        members = Members(ensemble_reply.used, ensemble_reply.missing)
        missing += missing_members(ensemble_reply, quorum)
    return Readiness(not missing, missing, members)


def missing_members(reply: ReadyChecked, quorum: float) -> list[str]:
    """A sentence when fewer members answer than `quorum` asks for, and never when none is needed."""
    wanted = quorum * (len(reply.used) + len(reply.missing))
    if len(reply.used) >= max(1, wanted):
        return []
    return [f"too few members answer; missing: {', '.join(reply.missing)}"]
