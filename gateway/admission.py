"""How much work is let in at once.

What is let in is worked on soon; what waits outside can still be replaced by something newer. Without this bound the
queue in Redis would grow with the number of sessions until every frame came too late (Little's law).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from weakref import WeakValueDictionary


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


class Full(RuntimeError):
    """Raised for one who has as many of something under way as they may, or finds no place in time."""


class SharedAdmission:
    """An Admission of which nobody may have more than `most_each` places: who wants more waits behind their own work
    and not in front of others. Who has no name ('') is not counted.
    """

    def __init__(self, capacity: int, most_each: int) -> None:
        self._places = Admission(capacity)
        self._most_each = most_each
        self._own: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def place(self, who: str, within_s: float) -> AsyncIterator[None]:
        """A place for as long as the block runs. Raises Full when there was none within so long."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(within_s):
                    if who:
                        own = self._own.setdefault(who, asyncio.Semaphore(self._most_each))
                        await stack.enter_async_context(own)
                    await stack.enter_async_context(self._places)
            except TimeoutError as problem:
                raise Full from problem
            yield


class Shares:
    """How many of something each caller has under way. Nobody waits: who has too many is refused."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextlib.contextmanager
    def one_more(self, who: str, most: int) -> Iterator[None]:
        """Counts while the block runs. Raises Full when `who` has `most` already."""
        if self._held[who] >= most:
            raise Full
        self._held[who] += 1
        try:
            yield
        finally:
            self._held[who] -= 1
            self._held += Counter()  # forgets those that have none
