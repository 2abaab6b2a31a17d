"""The side of runtime/tracing.py that costs: OpenTelemetry's SDK, sending in batches by OTLP over HTTP."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.version import VERSION

EXPORT_TIMEOUT_S = 2.0
"""A collector that is away must not hold up the end of a process."""

Attributes = Mapping[str, str | int]


class Tracing:
    """One process's tracer. What is left is sent when the process ends (the SDK's atexit)."""

    def __init__(self, service: str, endpoint: str, share: float) -> None:
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({"service.name": f"thespis.{service}", "service.version": VERSION}),
        )
        exporter = OTLPSpanExporter(endpoint, timeout=EXPORT_TIMEOUT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer("thespis", VERSION)
        self._propagator = TraceContextTextMapPropagator()

    @contextlib.contextmanager
    def begin(self, name: str, since_s: float | None, attributes: Attributes) -> Iterator[None]:
        start_ns = None if since_s is None else int(since_s * 1e9)
        with self._tracer.start_as_current_span(name, Context(), start_time=start_ns, attributes=attributes):
            yield

    @contextlib.contextmanager
    def span(self, name: str, parent: str | None, attributes: Attributes) -> Iterator[None]:
        if parent is None and not trace.get_current_span().is_recording():
            yield
            return
        context = None if parent is None else self._context(parent)
        with self._tracer.start_as_current_span(name, context, attributes=attributes):
            yield

    @contextlib.contextmanager
    def batch(self, name: str, parents: Sequence[str]) -> Iterator[None]:
        first = self._tracer.start_span(name, self._context(parents[0]))
        link = trace.Link(first.get_span_context())
        others = [self._tracer.start_span(name, self._context(parent), links=[link]) for parent in parents[1:]]
        try:
            with trace.use_span(first):
                yield
        finally:
            for span in (first, *others):
                span.end()

    def traceparent(self) -> str:
        if not trace.get_current_span().is_recording():
            return ""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier["traceparent"]

    def _context(self, parent: str) -> Context:
        return self._propagator.extract({"traceparent": parent}, Context())
