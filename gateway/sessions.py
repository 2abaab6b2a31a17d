"""Who is here: the sessions of this gateway, and each one's place among those that its key may have at once."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator

from access.keys import Caller
from contracts.members import Ensemble
from gateway.admission import Admission
from gateway.dispatcher import Dispatcher
from gateway.door import Door, asker, neighbourhood
from gateway.settings import GatewaySettings

CLOSE_TIMEOUT_S = 2.0
PLACE_RENEWED_S = 2.0


class Sessions:
    """All sessions of this gateway."""

    def __init__(self, dispatcher: Dispatcher, ensemble: Ensemble, settings: GatewaySettings) -> None:
        self.settings = settings
        self.ensemble = ensemble
        self.dispatcher = dispatcher
        self.admission = Admission(settings.max_work_in_flight)
        self.per_address: Counter[str] = Counter()
        self.draining = asyncio.Event()
        self._open: set[asyncio.Task[object]] = set()

    def enter(self, address: str) -> str | None:
        """Counts a session in; the reason when there is no room for it. The /64 of an IPv6 address is one address."""
        subscriber = neighbourhood(address)
        if self.draining.is_set():
            return "draining"
        if self.per_address.total() >= self.settings.max_sessions:
            return "too_many_sessions"
        if self.per_address[subscriber] >= self.settings.max_sessions_per_address:
            return "too_many_sessions_of_this_address"
        self.per_address[subscriber] += 1
        return None

    def leave(self, address: str) -> None:
        self.per_address[neighbourhood(address)] -= 1
        self.per_address += Counter()  # forgets addresses without sessions

    async def drain(self) -> None:
        """Tells every session that the gateway stops and returns when all of them are closed."""
        self.draining.set()
        if self._open:
            await asyncio.wait(self._open, timeout=self.settings.drain_timeout_s + CLOSE_TIMEOUT_S)

    @contextlib.contextmanager
    def present(self) -> Iterator[None]:
        """While the running task serves a session."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a request handler always runs in a task
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)


class Place:
    """One of the sessions that a key may have open at once, over all gateways."""

    def __init__(self, door: Door, caller: Caller, address: str) -> None:
        self.session_id = uuid.uuid4().hex
        self.asker = asker(caller, address) or self.session_id
        self._door = door
        self._caller = caller

    async def taken(self) -> bool:
        """False when the key has all of its sessions open."""
        return not self._caller.key_id or await self._door.limits.hold_place(self._caller, self.session_id)

    async def kept(self) -> None:
        """Renews it; returns when the key was revoked."""
        while not await self._door.was_revoked(self._caller):
            await asyncio.sleep(PLACE_RENEWED_S)
            await self.taken()

    async def free(self) -> None:
        if self._caller.key_id:
            await self._door.limits.free_place(self._caller, self.session_id)
