"""`/metrics` for Prometheus and `/healthz` for whoever watches the process, on an internal port and a thread."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, make_wsgi_app
from prometheus_client.registry import Collector

from runtime.settings import BadSetting, CommonSettings


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def serve_metrics(settings: CommonSettings, *collectors: Collector, healthy: Callable[[], bool] = lambda: True) -> None:
    """Serves for as long as the process lives; does nothing without a port. Raises BadSetting when that is taken."""
    if not settings.metrics_port:
        return
    for collector in collectors:
        REGISTRY.register(collector)
    app = _make_app(healthy)
    try:
        server = make_server(settings.metrics_host, settings.metrics_port, app, _Server, _Silent)
    except OSError as problem:
        where = f"THESPIS_METRICS_HOST={settings.metrics_host}, THESPIS_METRICS_PORT={settings.metrics_port}"
        raise BadSetting(f"{where}: nothing can listen there: {problem}") from problem
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _make_app(healthy: Callable[[], bool]) -> Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]:
    all_metrics = make_wsgi_app()

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            found: Iterable[bytes] = all_metrics(environ, start_response)
            return found
        if environ["PATH_INFO"] == "/healthz":
            well = healthy()
            start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
            return [b'{"healthy": true}' if well else b'{"healthy": false}']
        start_response("404 Not Found", [])
        return []

    return app
