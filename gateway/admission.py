"""How much work is let in at once.

What is let in is worked on soon; what waits outside can still be replaced by something newer. Without this bound the
queue in Redis would grow with the number of sessions until every frame came too late (Little's law).
"""

import asyncio
from types import TracebackType


class Admission:
    """`capacity` places, given out in the order of asking: `async with admission: ...`."""

    def __init__(self, capacity: int) -> None:
        self._places = asyncio.Semaphore(capacity)

    async def __aenter__(self) -> None:
        await self._places.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._places.release()
