"""One member of the ensemble as its client sees it."""

import asyncio
import math
import time

import grpc
import numpy as np
import numpy.typing as npt
import structlog
from tensorflow_serving.apis import prediction_service_pb2_grpc

from contracts.geometry import CROP_BYTES
from ensemble_worker.breaker import Breaker
from ensemble_worker.tensors import BadPrediction, predict_request, probabilities_of
from runtime import tracing
from runtime.metrics import BREAKER_OPEN, MEMBER_FAILURES, MEMBER_SECONDS

log = structlog.get_logger("thespis.ensemble")

CHANNEL_OPTIONS = [
    # A server that comes back is found within a second, whatever gRPC's own backoff has grown to.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A container that comes back may have another address; gRPC would ask for it only every half minute.
    ("grpc.dns_min_time_between_resolutions_ms", 1000),
    # All servers behind one name take turns, call by call; gRPC would stay with the first that answers.
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.enable_http_proxy", 0),
]


class Member:
    """Calls one served model and remembers whether it answers. Lives in one event loop."""

    def __init__(self, label: str, target: str, first_wait_s: float) -> None:
        """`label` is the member's name, or `name@version` where a certain one is asked for."""
        self.label = label
        self.name = label.partition("@")[0]
        self.breaker = Breaker(first_wait_s)
        BREAKER_OPEN.labels(label).set(0)
        self._channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    async def predict(self, crops: bytes, timeout_s: float, left_s: float = math.inf) -> npt.NDArray[np.float32] | None:
        """float32 [n, 7], or None when the member did not answer well within `timeout_s`; the breaker is told.

        When the frame's deadline leaves it less than a quarter of that, being late is not its fault.
        """
        count = len(crops) // CROP_BYTES
        request = predict_request(self.label, crops, count)
        given_s = max(0.001, min(timeout_s, left_s))
        try:
            with tracing.span("Predict", member=self.label, crops=count), MEMBER_SECONDS.labels(self.label).time():
                response = await self._stub.Predict(request, timeout=given_s, metadata=_metadata())
            if response is None:  # what gRPC makes of bytes that are no message of this kind
                raise BadPrediction("the answer can't be read")
            probabilities = probabilities_of(response, count)
        except (grpc.aio.AioRpcError, BadPrediction) as problem:
            if given_s < timeout_s / 4 and _is_late(problem):
                return None
            if self.breaker.closed:
                log.warning("member_failed", member=self.label, reason=_reason(problem))
            MEMBER_FAILURES.labels(self.label, _code(problem)).inc()
            self._failed()
            return None
        except asyncio.CancelledError:
            self._failed()
            raise
        if not self.breaker.closed:
            log.info("member_back", member=self.label)
        self.breaker.succeeded()
        BREAKER_OPEN.labels(self.label).set(0)
        return probabilities

    def _failed(self) -> None:
        self.breaker.failed(time.monotonic())
        BREAKER_OPEN.labels(self.label).set(1)

    async def reachable(self) -> None:
        """Returns when its server takes connections."""
        await self._channel.channel_ready()

    async def close(self) -> None:
        await self._channel.close()


def _is_late(problem: Exception) -> bool:
    return isinstance(problem, grpc.aio.AioRpcError) and problem.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def _metadata() -> tuple[tuple[str, str], ...]:
    traceparent = tracing.traceparent()
    return (("traceparent", traceparent),) if traceparent else ()


def _code(problem: Exception) -> str:
    return problem.code().name if isinstance(problem, grpc.aio.AioRpcError) else "BAD_PREDICTION"


def _reason(problem: Exception) -> str:
    return problem.code().name if isinstance(problem, grpc.aio.AioRpcError) else str(problem)
