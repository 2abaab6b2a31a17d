"""Takes Celery tasks from a Redis queue as runtime/publishing.py puts them there, and nothing else.

A message of another shape, made by whoever gets at Redis, would reach deep into Celery before it fails, and take the
worker with it. So only four things are read of each: the task's name, its arguments, its id and when it expires. All
else (other serializers, compression, chains, callbacks, times to start at) is made anew.
"""

import base64
import datetime
from typing import Annotated, Any, Final

import celery
import kombu.transport.redis
import msgspec
import structlog

from runtime.publishing import envelope

log = structlog.get_logger("thespis.worker")

MOST_CHARACTERS: Final = 64 * 1024
"""Our tasks are doorbells; the longest has some hundred."""


class TaskHeaders(msgspec.Struct, frozen=True):
    """What is read of a message's headers."""

    task: str
    id: Annotated[str, msgspec.Meta(max_length=64)]
    expires: datetime.datetime | None = None


class Message(msgspec.Struct, frozen=True):
    """What is read of a message; `body` is base64 of the JSON of [positional arguments, named arguments, options]."""

    body: Annotated[str, msgspec.Meta(max_length=MOST_CHARACTERS)]
    headers: TaskHeaders


def sound(app: celery.Celery, message: object, queue: str) -> dict[str, Any] | None:
    """The message as we would have made it; None for what is no task of this worker."""
    try:
        read = msgspec.convert(message, Message)
        body = base64.b64decode(read.body, validate=True)
        _, named, _ = msgspec.json.decode(body, type=tuple[list[Any], dict[str, Any], Any])
    except (ValueError, RecursionError):
        return None
    headers = read.headers
    if headers.task not in app.tasks or headers.task.startswith("celery."):
        return None
    return envelope(app.amqp.as_task_v2, headers.task, queue, headers.id, named, headers.expires)


class Channel(kombu.transport.redis.Channel):  # type: ignore[misc]  # Kombu has no types
    """Reads on after what is not even JSON. Which queue an exchange leads to is written nowhere: nobody sends by one,
    and a Redis that is full would not take it.
    """

    def _queue_bind(self, *_: object) -> None:
        pass

    def _brpop_read(self, **options: object) -> bool:
        self.connection.was_json = False
        try:
            return bool(super()._brpop_read(**options))
        except (ValueError, RecursionError):
            if self.connection.was_json:
                raise
            log.warning("message_unreadable")
            return True


class Transport(kombu.transport.redis.Transport):  # type: ignore[misc]  # Kombu has no types
    """Hands on what is sound; `app` is among the options of the transport."""

    Channel = Channel
    was_json = False

    def _deliver(self, message: object, queue: str) -> None:
        self.was_json = True
        task = sound(self.client.transport_options["app"], message, queue)
        if task is None:
            log.warning("message_refused", queue=queue)
            return
        super()._deliver(task, queue)
