"""One live session: what it sent, what is being worked on, whose face is whose.

Frames wait in a one-slot mailbox where the newest wins. Up to `max_frames_in_flight` carriers take the frame to the
workers, each only when the gateway admits more work. Every frame is answered exactly once, whatever happens.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import get_args

import msgspec
import structlog

from contracts.frames import Frame, unpack_frame
from contracts.protocol import (
    ClientMessage,
    Dropped,
    DropReason,
    Error,
    Members,
    Preferences,
    Result,
    ServerMessage,
    SessionTotals,
    SessionUpdated,
)
from contracts.work import FrameAnswered
from faces.people import People
from gateway.admission import Admission
from gateway.dispatcher import Broken, Dispatcher, Expired, Unavailable, Undecodable, WorkError
from gateway.image_header import BadImage, read_jpeg_header
from gateway.rate import Beat, Rate
from gateway.settings import GatewaySettings
from gateway.timing import timing_of
from runtime import tracing

log = structlog.get_logger("thespis.gateway")


@dataclass(slots=True, eq=False)
class PendingFrame:
    """A sound frame that is not answered yet. `deadline` is of the event loop's clock, which its timers go by and which
    stands still while the loop works; `arrived` is of the performance counter.
    """

    frame: Frame
    arrived: float
    deadline: float
    answered: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class Session:
    """The state of one WebSocket; knows nothing of sockets: it is given messages and a place to put answers."""

    def __init__(
        self,
        put: Callable[[ServerMessage], None],
        dispatcher: Dispatcher,
        admission: Admission,
        asker: str,
        settings: GatewaySettings,
        vote_profiles: list[str],
    ) -> None:
        """`asker` is whose turn it takes where work is admitted; all sessions of one share theirs."""
        self._put = put
        self._dispatcher = dispatcher
        self._admission = admission
        self._asker = asker
        self._settings = settings
        self._vote_profiles = vote_profiles
        self._loop = asyncio.get_running_loop()
        self._rate = Rate(settings.max_fps)
        self._votes_beat = Beat()
        self._people = People()
        self._waiting: PendingFrame | None = None
        self._unanswered: dict[int, PendingFrame] = {}
        self._carriers: set[asyncio.Task[None]] = set()
        self._carrier_waits = False
        self._turn = asyncio.Event()
        self._turn.set()
        self._closing = False
        self._last_frame_id = -1
        self._bad_in_a_row = 0
        self._counts: Counter[str] = Counter()
        self.preferences = Preferences(max_faces=min(Preferences().max_faces, settings.max_faces))
        self.spoiled = asyncio.Event()
        """Set when there were too many unusable messages in a row."""

    @property
    def totals(self) -> SessionTotals:
        dropped = {name: self._counts[name] for name in get_args(DropReason)}
        return SessionTotals(
            frames=self._counts["frames"],
            results=self._counts["results"],
            dropped={name: count for name, count in dropped.items() if count},
            errors=self._counts["errors"],
        )

    # What comes in

    def receive_text(self, text: str) -> None:
        """A client's JSON message; answers `session.updated` or `error`."""
        try:
            update = msgspec.json.decode(text, type=ClientMessage)
            chosen = {key: value for key, value in msgspec.structs.asdict(update).items() if value is not None}
            if update.vote_profile is not None and update.vote_profile not in self._vote_profiles:
                raise ValueError(f"vote_profile is one of {self._vote_profiles}")
            if update.max_faces is not None and update.max_faces > self._settings.max_faces:
                raise ValueError(f"max_faces is at most {self._settings.max_faces} here")
        except ValueError as problem:
            told = f"{problem!s:.300}"  # it may quote the message, which may be long
            self._refuse(None, "bad_message", f"the message can't be used: {told}")
            return
        self.preferences = msgspec.structs.replace(self.preferences, **chosen)
        self._put(SessionUpdated(self.preferences))

    def receive_frame(self, message: bytes) -> None:
        """A binary message: checked here, before anything is decoded, then put into the mailbox."""
        try:
            frame = unpack_frame(message)
        except ValueError as problem:
            self._refuse(None, "bad_frame_header", str(problem))
            return
        self._counts["frames"] += 1
        if frame.frame_id <= self._last_frame_id:
            self._refuse(frame.frame_id, "frame_id_not_increasing", f"the last was {self._last_frame_id}")
            return
        self._last_frame_id = frame.frame_id
        # Before the bytes are walked, which takes a while for some that are made to.
        if not self._rate.allows(self._loop.time()):
            self._drop(frame, "rate")
            return
        reason = self._reason_to_refuse(frame)
        if reason is not None:
            self._refuse(frame.frame_id, *reason)
        elif self._closing:
            self._drop(frame, "overload")
        else:
            self._accept(frame)

    def _reason_to_refuse(self, frame: Frame) -> tuple[str, str] | None:
        limit = self._settings.max_frame_bytes
        if len(frame.jpeg) > limit:
            return "frame_too_large", f"a frame has at most {limit} bytes, this one {len(frame.jpeg)}"
        try:
            header = read_jpeg_header(frame.jpeg)
        except BadImage as problem:
            return "bad_image", str(problem)
        if header.end != len(frame.jpeg):
            return "bad_image", f"{len(frame.jpeg) - header.end} bytes follow the end of the JPEG"
        if header.pixels > self._settings.max_frame_pixels:
            size = f"{header.width}×{header.height}"
            return "too_many_pixels", f"{size} is more than {self._settings.max_frame_pixels} pixels"
        return None

    def _refuse(self, frame_id: int | None, code: str, message: str) -> None:
        self._bad_in_a_row += 1
        fatal = self._bad_in_a_row >= self._settings.max_bad_frames_in_a_row
        self._counts["errors"] += 1
        self._put(Error(frame_id, code, message, fatal))
        if fatal:
            self.spoiled.set()

    def _drop(self, frame: Frame, reason: DropReason) -> None:
        if reason != "rate":  # nobody knows whether that one was sound
            self._bad_in_a_row = 0
        self._counts[reason] += 1
        self._put(Dropped(frame.frame_id, frame.capture_us, reason))

    # The mailbox

    def _accept(self, frame: Frame) -> None:
        deadline = self._loop.time() + self._settings.frame_deadline_ms / 1000
        pending = PendingFrame(frame, time.perf_counter(), deadline)
        pending.timer = self._loop.call_at(pending.deadline, self._overdue, pending)
        self._unanswered[frame.frame_id] = pending
        if self._waiting is not None:
            self._answer_dropped(self._waiting, "superseded")
        self._waiting = pending
        self._call_carrier()

    def _overdue(self, pending: PendingFrame) -> None:
        """The deadline: whatever became of the frame, it is answered now."""
        if self._waiting is pending:
            self._waiting = None
            self._answer_dropped(pending, "overload")
        else:
            self._answer_dropped(pending, "expired")

    def _call_carrier(self) -> None:
        # The carrier that waits for a place takes the newest frame; another behind it would find none.
        if self._waiting is None or self._carrier_waits or len(self._carriers) >= self._settings.max_frames_in_flight:
            return
        self._carrier_waits = True
        carrier = self._loop.create_task(self._carry())
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carrier_free)

    def _carrier_free(self, carrier: asyncio.Task[None]) -> None:
        self._carriers.discard(carrier)
        self._call_carrier()

    # The way to the workers and back

    async def _carry(self) -> None:
        """Takes the newest frame once there is room for it, and brings back its answer."""
        turn = asyncio.Event()
        pending = None
        try:
            async with self._admission.place(self._asker):
                self._carrier_waits = False
                pending, self._waiting = self._waiting, None
                if pending is None:
                    return
                # A frame's answer waits for the frame before, so that faces are followed in the order of time.
                before, self._turn = self._turn, turn
                reply = await self._ask_workers(pending)
            await before.wait()
            self._answer(pending, reply)
        except Exception:
            # The outermost loop of a frame: its sender hears of our mistake, and the next frame has its turn.
            log.exception("frame_failed")
            if pending is not None:
                self._answer(pending, Broken("the gateway failed; its log says why"))
        finally:
            turn.set()

    async def _ask_workers(self, pending: PendingFrame) -> FrameAnswered | WorkError:
        chosen = self.preferences
        now = time.time()
        arrived, deadline = now - time.perf_counter() + pending.arrived, now - self._loop.time() + pending.deadline
        structlog.contextvars.bind_contextvars(frame_id=pending.frame.frame_id)
        try:
            with tracing.begin("frame", arrived, frame_id=pending.frame.frame_id):
                return await self._dispatcher.detect(
                    pending.frame.jpeg,
                    deadline=deadline,
                    max_faces=chosen.max_faces,
                    min_face_size=chosen.min_face_size,
                    vote_profile=chosen.vote_profile,
                    votes=chosen.votes and self._votes_beat.is_due(self._loop.time(), chosen.votes_fps),
                )
        except WorkError as problem:
            return problem

    def _answer(self, pending: PendingFrame, reply: FrameAnswered | WorkError) -> None:
        if isinstance(reply, Expired):
            self._answer_dropped(pending, "expired")
        elif isinstance(reply, Undecodable):
            if self._first_answer(pending):
                self._refuse(pending.frame.frame_id, "bad_image", str(reply))
        elif isinstance(reply, WorkError):
            if self._first_answer(pending):
                self._counts["errors"] += 1
                code = "unavailable" if isinstance(reply, Unavailable) else "internal"
                self._put(Error(pending.frame.frame_id, code, str(reply), fatal=False))
        elif not pending.answered:
            result = self._result(pending, reply)
            self._first_answer(pending)
            self._bad_in_a_row = 0
            self._counts["results"] += 1
            self._put(result)

    def _answer_dropped(self, pending: PendingFrame, reason: DropReason) -> None:
        if self._first_answer(pending):
            self._drop(pending.frame, reason)

    def _first_answer(self, pending: PendingFrame) -> bool:
        if pending.timer is not None:
            pending.timer.cancel()
        self._unanswered.pop(pending.frame.frame_id, None)
        first, pending.answered = not pending.answered, True
        return first

    def _result(self, pending: PendingFrame, reply: FrameAnswered) -> Result:
        total_ms = (time.perf_counter() - pending.arrived) * 1000
        return Result(
            frame_id=pending.frame.frame_id,
            capture_us=pending.frame.capture_us,
            width=reply.width,
            height=reply.height,
            faces=self._people.meet(reply.faces, pending.arrived, self.preferences.smoothing),
            members=Members(reply.used, reply.missing),
            timing_ms=timing_of(reply, total_ms),
        )

    # The end

    async def finish(self, timeout_s: float) -> None:
        """Takes nothing new and answers what is in hand, for at most `timeout_s`; what is left is dropped."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._carriers:  # the end of one may call another, for the frame that waits
                    await asyncio.wait(self._carriers)
        for pending in list(self._unanswered.values()):
            self._answer_dropped(pending, "overload" if pending is self._waiting else "expired")
        self._waiting = None

    async def abandon(self) -> None:
        """The client is gone: nothing more is carried for it, and nobody is there to be answered."""
        self._closing = True
        self._waiting = None
        for pending in list(self._unanswered.values()):
            self._first_answer(pending)
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
