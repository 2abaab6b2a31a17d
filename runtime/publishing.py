"""Puts Celery tasks on a Redis queue without Celery's producer: one encoded message, one LPUSH.

The message is the one that Celery's own protocol 2 gives (`amqp.as_task_v2`), in the envelope of kombu's Redis
transport (https://docs.celeryq.dev/projects/kombu: virtual transports), so any Celery worker takes it. An asyncio
gateway can pipeline it with the picture, with no thread between.
"""

import base64
import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import celery
import msgspec


class TaskEncoder:
    """Encodes commands as Celery messages for one application."""

    def __init__(self, app: celery.Celery) -> None:
        self._as_task = app.amqp.as_task_v2

    def encode(self, task: str, queue: str, command: msgspec.Struct, *, expires: float | None = None) -> bytes:
        """The bytes to LPUSH on `queue`; the worker throws the task away after `expires` (Unix seconds), if given."""
        task_id = str(uuid.uuid4())
        until = None if expires is None else datetime.datetime.fromtimestamp(expires, datetime.UTC)
        message = envelope(self._as_task, task, queue, task_id, msgspec.to_builtins(command), until)
        return msgspec.json.encode(message)


def envelope(
    as_task: Callable[..., Any],
    task: str,
    queue: str,
    task_id: str,
    arguments: Mapping[str, Any],
    expires: datetime.datetime | None,
) -> dict[str, Any]:
    """A message as it lies on the queue, before it is JSON; `as_task` is Celery's `amqp.as_task_v2`."""
    # The representations would otherwise be made from the arguments, at some cost and for no reader.
    message = as_task(
        task_id, task, kwargs=arguments, expires=expires, ignore_result=True, argsrepr="-", kwargsrepr="-"
    )
    return {
        "body": base64.b64encode(msgspec.json.encode(message.body)).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": message.headers,
        "properties": {
            **message.properties,
            "delivery_mode": 1,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": task_id,
        },
    }
