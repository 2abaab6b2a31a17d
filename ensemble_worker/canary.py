"""New versions of members that read along before they vote: asked on a share of live work, their answers only compared.

They are asked after the live frames that were taken are answered, so none of those waits for them; what comes next, and
a picture that is being explained, waits for a call of each at most.
"""

import random
import time
from collections.abc import Sequence

import numpy as np

from ensemble_worker.member import Member
from ensemble_worker.voting import Predictions
from runtime.metrics import CANARY_FACES


class Canaries:
    """`members` bear the names of those that they may replace; `share` is that of rounds which they read, 0 to 1."""

    def __init__(self, members: Sequence[Member], share: float) -> None:
        self._members = members
        self._share = share
        self._offered: tuple[bytes, Predictions] | None = None

    def offer(self, crops: bytes, answers: Predictions) -> None:
        """A round that the members have read; the newest that was drawn is kept."""
        if self._members and random.random() < self._share:  # noqa: S311  a sample, no secret
            self._offered = crops, answers

    async def read(self, timeout_s: float) -> None:
        """Reads what was kept and counts on how many faces each canary has the same top label as its member."""
        if self._offered is None:
            return
        (crops, answers), self._offered = self._offered, None
        for canary in self._members:
            if canary.name in answers and (canary.breaker.closed or canary.breaker.take_probe(time.monotonic())):
                own = await canary.predict(crops, timeout_s)
                if own is not None:
                    _count(canary.label, own.argmax(axis=1) == answers[canary.name].argmax(axis=1))

    async def close(self) -> None:
        for canary in self._members:
            await canary.close()


def _count(label: str, agreed: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
    same = int(agreed.sum())
    CANARY_FACES.labels(label, "true").inc(same)
    CANARY_FACES.labels(label, "false").inc(len(agreed) - same)
