"""Puts Celery tasks on a Redis queue without Celery's producer: one encoded message, one LPUSH.

The message is the one that Celery's own protocol 2 gives (`amqp.as_task_v2`), in the envelope of kombu's Redis
transport (https://docs.celeryq.dev/projects/kombu: virtual transports), so any Celery worker takes it. An asyncio
gateway can pipeline it with the picture, with no thread between.
"""

import base64
import datetime
import uuid

import celery
import msgspec


class TaskEncoder:
    """Encodes commands as Celery messages for one application."""

    def __init__(self, app: celery.Celery) -> None:
        self._as_task = app.amqp.as_task_v2

    def encode(self, task: str, queue: str, command: msgspec.Struct, *, expires: float | None = None) -> bytes:
        """The bytes to LPUSH on `queue`; the worker throws the task away after `expires` (Unix seconds), if given."""
        task_id = str(uuid.uuid4())
        # The representations would otherwise be made from the arguments, at some cost and for no reader.
        message = self._as_task(
            task_id,
            task,
            kwargs=msgspec.to_builtins(command),
            expires=None if expires is None else datetime.datetime.fromtimestamp(expires, datetime.UTC),
            ignore_result=True,
            argsrepr="-",
            kwargsrepr="-",
        )
        envelope = {
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
        return msgspec.json.encode(envelope)
