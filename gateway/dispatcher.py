"""Hands pictures to the workers and receives their replies.

WorkError                 Raised when a picture was not answered with faces.
├── Unavailable           Redis can't be reached, or no member answers. Nobody's frame; a later one may pass.
├── Expired               The deadline passed without a reply. A later frame may pass.
├── Broken                A worker failed on it; its log says why. Our fault; the next frame may pass.
└── Undecodable           The picture could not be decoded. The sender's fault; a retry is useless.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import celery
import msgspec
import redis.asyncio
import redis.exceptions
import structlog

from contracts.names import (
    CHECK_DETECTOR,
    CHECK_ENSEMBLE,
    CLASSIFY_FACES,
    DETECT_FACES,
    DETECT_IN_PICTURE,
    WAITING_FRAMES,
    WAITING_PICTURES,
    crops_key,
    picture_key,
    reply_channel,
)
from contracts.work import (
    CheckReady,
    DetectFaces,
    FrameAnswered,
    FrameFailed,
    ReadyChecked,
    Reply,
    Trail,
    WorkFailure,
)
from runtime import pixels, tracing
from runtime.doorbell import MOST_WAITING, Doorbell
from runtime.publishing import TaskEncoder

log = structlog.get_logger("thespis.gateway")

RECONNECT_AFTER_S = 0.1
REPLY_DECODER: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


class WorkError(Exception):
    """Raised when a picture was not answered with faces."""


class Unavailable(WorkError):
    """Raised when Redis or the members can't be reached."""


class Expired(WorkError):
    """Raised when the deadline passed without a reply."""


class Broken(WorkError):
    """Raised when a worker failed on the picture."""


class Undecodable(WorkError):
    """Raised when the picture could not be decoded."""


FAILURES: dict[WorkFailure, type[WorkError]] = {
    "undecodable_image": Undecodable,
    "members_unavailable": Unavailable,
    "internal": Broken,
}


def trail() -> Trail:
    """What the log and the trace that we are in know of the work at hand."""
    ids = structlog.contextvars.get_contextvars()
    return Trail(ids.get("session_id", ""), ids.get("frame_id", 0), tracing.traceparent(), time.time())


class Dispatcher:
    """One gateway's way to the workers and back."""

    def __init__(self, redis_client: "redis.asyncio.Redis", app: celery.Celery) -> None:
        self._redis = redis_client
        self._encoder = TaskEncoder(app)
        self._frames = Doorbell(app, DETECT_FACES, WAITING_FRAMES)
        self._pictures = Doorbell(app, DETECT_IN_PICTURE, WAITING_PICTURES)
        self._channel = reply_channel(uuid.uuid4().hex)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._listening = False
        self._forgetting: set[asyncio.Task[None]] = set()

    async def detect(
        self,
        picture: bytes,
        *,
        deadline: float,
        max_faces: int,
        min_face_size: int,
        vote_profile: str,
        votes: bool,
        already_cropped: bool = False,
        still: bool = False,
        explain: bool = False,
    ) -> FrameAnswered:
        """Sends a picture the whole way; `deadline` is in Unix seconds. Raises WorkError.

        A `still` picture is worth a longer look for small faces than a frame that the next one follows.
        """
        correlation_id = uuid.uuid4().hex
        key = picture_key(correlation_id)
        command = DetectFaces(
            correlation_id,
            self._channel,
            key,
            deadline,
            max_faces,
            min_face_size,
            vote_profile,
            votes,
            already_cropped,
            explain,
            trail(),
        )
        entry = msgspec.msgpack.encode(command)
        doorbell = self._pictures if still else self._frames

        async def send() -> None:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pixels.lay_down(pipeline, key, picture, deadline)
                doorbell.lay_down(pipeline, [entry])
                await pipeline.execute()

        try:
            reply = await self._ask(correlation_id, send, deadline)
        except asyncio.CancelledError:
            # Who asked is gone, and their place is free for the next: without its pixels the workers pass this one by.
            forgetting = asyncio.create_task(self._forget(key, crops_key(correlation_id)))
            self._forgetting.add(forgetting)
            forgetting.add_done_callback(self._forgetting.discard)
            raise
        if isinstance(reply, FrameFailed):
            raise FAILURES[reply.code](reply.message)
        if not isinstance(reply, FrameAnswered):
            raise Broken("a worker sent a reply of the wrong kind")
        return reply

    async def _forget(self, *keys: str) -> None:
        """Unlinks pixels. Where that fails they are gone at their time to live, some seconds later."""
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            await self._redis.unlink(*keys)

    async def check_detector(self, timeout_s: float) -> None:
        """Returns when a detector worker consumes. Raises WorkError."""
        await self._check(CHECK_DETECTOR, DETECT_FACES, timeout_s)

    async def check_ensemble(self, timeout_s: float) -> ReadyChecked:
        """Which members answer an ensemble worker. Raises WorkError."""
        return await self._check(CHECK_ENSEMBLE, CLASSIFY_FACES, timeout_s)

    async def _check(self, task: str, queue: str, timeout_s: float) -> ReadyChecked:
        correlation_id = uuid.uuid4().hex
        deadline = time.time() + timeout_s
        command = CheckReady(correlation_id, self._channel)
        message = self._encoder.encode(task, queue, command, expires=deadline)

        async def send() -> None:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.lpush(queue, message)
                pipeline.ltrim(queue, 0, MOST_WAITING - 1)
                await pipeline.execute()

        reply = await self._ask(correlation_id, send, deadline)
        if not isinstance(reply, ReadyChecked):
            raise Broken("a worker sent a reply of the wrong kind")
        return reply

    async def _ask(self, correlation_id: str, send: Callable[[], Awaitable[None]], deadline: float) -> Reply:
        """Sends and waits for the one reply that bears `correlation_id`."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[correlation_id] = future
        try:
            async with asyncio.timeout(deadline - time.time()):
                await send()
                return await future
        except TimeoutError as problem:
            raise Expired("no reply before the deadline") from problem
        except (redis.exceptions.RedisError, OSError) as problem:
            raise Unavailable("Redis can't be reached") from problem
        finally:
            del self._waiting[correlation_id]

    async def listen(self) -> None:
        """Receives replies until cancelled; finds back after Redis was away."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=False) as subscription:
                    await subscription.subscribe(self._channel)
                    async for message in subscription.listen():
                        self._receive(message)
            except (redis.exceptions.RedisError, OSError) as problem:
                if self._listening:
                    log.warning("replies_lost", reason=type(problem).__name__)
            except Exception:
                # The outermost loop: without it every frame of this gateway would expire for ever.
                log.exception("listening_failed")
            self._listening = False
            await asyncio.sleep(RECONNECT_AFTER_S)

    def _receive(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._listening = True
        if message["type"] != "message":
            return
        try:
            reply: Reply = REPLY_DECODER.decode(message["data"])
        except (ValueError, RecursionError):
            log.warning("reply_unreadable")
            return
        future = self._waiting.get(reply.correlation_id)
        if future is not None and not future.done():
            future.set_result(reply)
