"""A collector of OpenTelemetry traces, on loopback, that keeps what it is sent."""

import contextlib
import gzip
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """One span as it was received."""

    name: str
    service: str
    trace: bytes
    id: bytes
    parent: bytes
    start_ns: int
    end_ns: int
    attributes: dict[str, str | int]
    links: list[bytes]


@dataclass
class Collector:
    """`url` is where to send; `spans` what came."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)

    def receive(self, body: bytes) -> None:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(a.value.string_value for a in group.resource.attributes if a.key == "service.name")
            for scope in group.scope_spans:
                for span in scope.spans:
                    attributes = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
                    self.spans.append(
                        Span(
                            span.name, service, span.trace_id, span.span_id, span.parent_span_id,
                            span.start_time_unix_nano, span.end_time_unix_nano, attributes,
                            [link.span_id for link in span.links],
                        )
                    )  # fmt: skip

    def traces(self, root: str) -> list[list[Span]]:
        """The spans of each trace that begins with a span of that name."""
        found = defaultdict(list)
        for span in list(self.spans):
            found[span.trace].append(span)
        return [spans for spans in found.values() if any(s.name == root and not s.parent for s in spans)]


@contextlib.contextmanager
def trace_collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.receive(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()
