"""OpenTelemetry spans along the way of a frame or a job. Without an endpoint nothing of it is imported.

A trace begins where work comes in (`begin`), and messages carry its `traceparent` (W3C Trace Context) to the next
process (`span(parent=…)`). What was not sampled has an empty one and costs nothing further on.
"""

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from runtime.settings import CommonSettings

if TYPE_CHECKING:
    from runtime.otlp import Tracing

_NOTHING: AbstractContextManager[None] = contextlib.nullcontext()
_tracing: "Tracing | None" = None


def configure_traces(service: str, settings: CommonSettings) -> None:
    """Sends a share of all traces to the endpoint of the settings, if there is one."""
    global _tracing
    if settings.traces_endpoint:
        from runtime.otlp import Tracing

        _tracing = Tracing(service, settings.traces_endpoint, settings.traces_share)


def begin(name: str, since_s: float | None = None, **attributes: str | int) -> AbstractContextManager[None]:
    """A new trace around a block, which may have begun earlier (Unix seconds)."""
    return _NOTHING if _tracing is None else _tracing.begin(name, since_s, attributes)


def span(name: str, parent: str | None = None, **attributes: str | int) -> AbstractContextManager[None]:
    """A step of the trace that `parent` names, or of the one that is under way; nothing where there is none."""
    if _tracing is None or parent == "":
        return _NOTHING
    return _tracing.span(name, parent, attributes)


def batch(name: str, parents: Sequence[str]) -> AbstractContextManager[None]:
    """One step of several traces at once. What happens inside belongs to the first; the others are linked to it."""
    if _tracing is None or not any(parents):
        return _NOTHING
    return _tracing.batch(name, [parent for parent in parents if parent])


def traceparent() -> str:
    """What a message carries on; empty outside of a sampled trace."""
    return "" if _tracing is None else _tracing.traceparent()
