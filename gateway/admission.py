"""How much work is let in at once.

What is let in is worked on soon; what waits outside can still be replaced by something newer. Without this bound the
queue in Redis would grow with the number of sessions until every frame came too late (Little's law).
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from weakref import WeakValueDictionary


class Admission:
    """`capacity` places for work. Callers that wait take turns, so that one's hundred wait behind each other and not in
    front of another's one; each caller's own work goes in the order of asking.
    """

    def __init__(self, capacity: int) -> None:
        self._free = capacity
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By caller; the first has the next turn."""

    @contextlib.asynccontextmanager
    async def place(self, who: str) -> AsyncIterator[None]:
        """A place for as long as the block runs."""
        await self._taken(who)
        try:
            yield
        finally:
            self._give_back()

    async def _taken(self, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given a place in the same moment
                self._give_back()
            raise

    def _give_back(self) -> None:
        """To who has the next turn, or to nobody."""
        while self._waiting:
            who = next(iter(self._waiting))
            own = self._waiting.pop(who)
            while own and own[0].cancelled():
                own.popleft()
            if own:
                own.popleft().set_result(None)
                if own:
                    self._waiting[who] = own  # behind all others
                return
        self._free += 1


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
                    await stack.enter_async_context(self._places.place(who))
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
