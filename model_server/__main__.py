"""`python -m model_server --port 8500 --model_name residual --model_base_path models/residual`."""

import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import prediction_service_pb2_grpc

from model_server.errors import CannotStart
from model_server.flags import Settings, read_flags
from model_server.memory import return_weights_to_the_system
from model_server.servable import Servable
from model_server.service import SERVICE, PredictionService
from model_server.versions import Models
from runtime.background import stand_back
from runtime.metrics_server import serve_metrics
from runtime.settings import BadSetting, CommonSettings
from runtime.starting import cannot_start, set_up

GRACE_SECONDS: Final = 2.0
"""How long calls in flight may take to finish after SIGTERM."""

log = structlog.get_logger("thespis.model_server")


def main() -> int:
    return_weights_to_the_system()
    try:
        common = set_up("model_server", CommonSettings)
        settings = read_flags(sys.argv[1:])
        _check_base_paths(settings)
        serve(settings, common)
    except (BadSetting, CannotStart) as problem:
        code = cannot_start("model_server", problem)
        return code if isinstance(problem, BadSetting) else 1  # as TensorFlow Serving
    return 0


def serve(settings: Settings, common: CommonSettings) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what is in flight. Raises CannotStart and BadSetting."""
    if settings.stand_back:
        stand_back()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if settings.ignored:
        log.info("flags_ignored", flags=settings.ignored)
    server = _make_server(settings)
    port = _listen(server, settings)
    health_servicer = health.HealthServicer()
    models = Models(
        settings.models,
        partial(Servable, num_threads=settings.num_threads, file=settings.model_file),
        when_refreshed=partial(_report_health, health_servicer),
    )
    serve_metrics(common, healthy=lambda: all(models.loaded().values()))
    service = PredictionService(models, settings.max_batch_size)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    models.refresh()
    server.start()
    models.start_polling(settings.poll_wait_seconds)
    log.info("serving", host=settings.host, port=port, models=models.loaded())
    stop.wait()
    health_servicer.enter_graceful_shutdown()
    stopped = server.stop(GRACE_SECONDS)
    log.info("stopping")  # from here on no call is taken
    models.stop_polling()
    stopped.wait()


def _check_base_paths(settings: Settings) -> None:
    for model in settings.models:
        if not model.base_path.is_dir():
            raise CannotStart(f"Could not find base path {model.base_path} for servable {model.name}")


def _make_server(settings: Settings) -> grpc.Server:
    workers = ThreadPoolExecutor(settings.grpc_max_threads, thread_name_prefix="call")
    options = [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # Without this two servers share a port in silence and each gets a part of the calls.
        ("grpc.so_reuseport", 0),
    ]
    return grpc.server(workers, options=options)


def _listen(server: grpc.Server, settings: Settings) -> int:
    """Binds and returns the port. Raises CannotStart when it is taken."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host  # IPv6
    address = f"{host}:{settings.port}"
    try:
        _check_port(settings)
        port = int(server.add_insecure_port(address))
    except (OSError, RuntimeError) as problem:
        raise CannotStart(f"can't listen on {address}: {problem}") from problem
    if port == 0:
        raise CannotStart(f"can't listen on {address}")
    return port


def _check_port(settings: Settings) -> None:
    """Binds for a moment with a plain socket: gRPC would print several lines of its own on a taken port."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _report_health(servicer: health.HealthServicer, all_loaded: bool) -> None:
    status = health_pb2.HealthCheckResponse.SERVING if all_loaded else health_pb2.HealthCheckResponse.NOT_SERVING
    for service in ("", SERVICE):
        servicer.set(service, status)


if __name__ == "__main__":
    sys.exit(main())
