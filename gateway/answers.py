"""Counts and logs what frames are answered with, in the one place that every answer passes."""

from collections.abc import Callable

import structlog

from contracts.protocol import Dropped, Error, Result, ServerMessage
from runtime.metrics import FRAMES, STAGE_SECONDS

log = structlog.get_logger("thespis.gateway")

STAGES = {stage: STAGE_SECONDS.labels(stage) for stage in ("queue", "decode", "detect", "ensemble", "total")}

FRAMES.labels("result", "")  # 0 from the start: an alert compares with it, and with nothing it would compare nothing


def counted(put: Callable[[ServerMessage], None]) -> Callable[[ServerMessage], None]:
    """The same `put`, counting."""

    def put_counted(message: ServerMessage) -> None:
        _count(message)
        put(message)

    return put_counted


def _count(message: ServerMessage) -> None:
    match message:
        case Result():
            FRAMES.labels("result", "").inc()
            for stage, took in STAGES.items():
                took.observe(getattr(message.timing_ms, stage) / 1000)
            total_ms = message.timing_ms.total
            log.debug("frame_answered", frame_id=message.frame_id, faces=len(message.faces), total_ms=total_ms)
        case Dropped():
            FRAMES.labels("dropped", message.reason).inc()
            log.debug("frame_dropped", frame_id=message.frame_id, reason=message.reason)
        case Error(frame_id=int()):
            FRAMES.labels("error", message.code).inc()
            log.debug("frame_refused", frame_id=message.frame_id, code=message.code)
