"""The gRPC face: TensorFlow Serving's PredictionService, and its errors as status codes.

Order of checks and words follow TensorFlow Serving: servables/tensorflow/predict_util.cc and
get_model_metadata_impl.cc, model_servers/server_core.cc.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeAlias, TypeVar

import grpc
from google.protobuf import any_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from model_server.errors import (
    Abandoned,
    InvalidRequest,
    ModelServerError,
    ServableNotFound,
    UnknownSignature,
)
from model_server.servable import Servable
from model_server.tensors import read_tensor, tensor_info, write_tensor
from model_server.versions import Models
from runtime import tracing
from runtime.metrics import BATCH_SIZE, STAGE_SECONDS

Request: TypeAlias = Any
Response: TypeAlias = Any
ModelSpec: TypeAlias = Any
SignatureDefMap: TypeAlias = Any
ResponseT = TypeVar("ResponseT")

BATCH = BATCH_SIZE.labels("predict")
SERVED = STAGE_SECONDS.labels("predict")

SERVICE = "tensorflow.serving.PredictionService"
PREDICT_METHOD = "tensorflow/serving/predict"
DEFAULT_SIGNATURE = "serving_default"
SIGNATURE_DEF = "signature_def"

STATUS_CODES = {
    InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    UnknownSignature: grpc.StatusCode.FAILED_PRECONDITION,
    ServableNotFound: grpc.StatusCode.NOT_FOUND,
    Abandoned: grpc.StatusCode.CANCELLED,
}


class PredictionService:
    """Answers Predict and GetModelMetadata; every other method is UNIMPLEMENTED."""

    def __init__(self, models: Models, max_batch_size: int) -> None:
        self._models = models
        self._max_batch_size = max_batch_size

    def Predict(self, request: Request, context: grpc.ServicerContext) -> Response:
        parent = dict(context.invocation_metadata()).get("traceparent", "")
        with tracing.span("serve_predict", parent, model=request.model_spec.name), SERVED.time():
            return _answer(context, lambda: self._predict(request, context.is_active))

    def GetModelMetadata(self, request: Request, context: grpc.ServicerContext) -> Response:
        return _answer(context, lambda: self._get_model_metadata(request))

    def Classify(self, request: Request, context: grpc.ServicerContext) -> Response:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "only Predict and GetModelMetadata are served")

    Regress = MultiInference = Classify

    def _predict(self, request: Request, wanted: Callable[[], bool]) -> Response:
        version, servable = self._find(request)
        signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if signature_name != servable.signature_name:
            raise UnknownSignature(f'Serving signature key "{signature_name}" not found.')
        _check_inputs(request.inputs, servable.input.alias)
        batch = read_tensor(request.inputs[servable.input.alias], servable.input, self._max_batch_size)
        _check_outputs(request.output_filter, servable.output.alias)
        BATCH.observe(len(batch))
        answer = servable.predict(batch, wanted)
        response = predict_pb2.PredictResponse()
        _fill_model_spec(response.model_spec, request.model_spec.name, version)
        response.model_spec.signature_name = signature_name
        response.outputs[servable.output.alias].CopyFrom(write_tensor(answer, servable.output))
        return response

    def _get_model_metadata(self, request: Request) -> Response:
        _check_model_spec(request)
        if not request.metadata_field:
            raise InvalidRequest("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise InvalidRequest(f"Metadata field {field} is not supported")
        version, servable = self._find(request)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        _fill_model_spec(response.model_spec, request.model_spec.name, version)
        packed = any_pb2.Any()
        packed.Pack(signature_def_map(servable))
        response.metadata[SIGNATURE_DEF].CopyFrom(packed)
        return response

    def _find(self, request: Request) -> tuple[int, Servable]:
        spec = _check_model_spec(request)
        version = spec.version.value if spec.HasField("version") else None
        if spec.HasField("version_label"):
            version = self._models.version_of(spec.name, spec.version_label)
            if version is None:
                raise InvalidRequest(f"Unrecognized servable version label: {spec.version_label}")
        return self._models.find(spec.name, version)


def signature_def_map(servable: Servable) -> SignatureDefMap:
    """The SignatureDefMap of a model with its only signature."""
    signature = meta_graph_pb2.SignatureDef(method_name=PREDICT_METHOD)
    signature.inputs[servable.input.alias].CopyFrom(tensor_info(servable.input))
    signature.outputs[servable.output.alias].CopyFrom(tensor_info(servable.output))
    signatures = get_model_metadata_pb2.SignatureDefMap()
    signatures.signature_def[servable.signature_name].CopyFrom(signature)
    return signatures


def _answer(context: grpc.ServicerContext, work: Callable[[], ResponseT]) -> ResponseT:
    """The one place where errors become status codes."""
    try:
        return work()
    except ModelServerError as problem:
        context.abort(STATUS_CODES.get(type(problem), grpc.StatusCode.INTERNAL), str(problem))
        raise  # not reached: abort always raises


def _check_model_spec(request: Request) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise InvalidRequest("Missing ModelSpec")
    spec = request.model_spec
    if not spec.name:
        raise InvalidRequest("ModelSpec has no name specified.")
    return spec


def _check_inputs(given: Collection[str], expected: str) -> None:
    if len(given) != 1:
        names = ",".join(sorted(given))
        extra = ",".join(sorted(set(given) - {expected}))
        missing = "" if expected in given else expected
        raise InvalidRequest(
            f"input size does not match signature: {len(given)}!=1 len({{{names}}}) != len({{{expected}}}). "
            f"Sent extra: {{{extra}}}. Missing but required: {{{missing}}}."
        )
    if expected not in given:
        raise InvalidRequest(
            f"input tensor alias not found in signature: {next(iter(given))}. "
            f"Inputs expected to be in the set {{{expected}}}."
        )


def _check_outputs(output_filter: Collection[str], expected: str) -> None:
    for position, alias in enumerate(output_filter):
        if alias != expected:
            raise InvalidRequest(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set {{{expected}}}."
            )
        if position:
            raise InvalidRequest(f"duplicate output tensor alias: {alias}")


def _fill_model_spec(spec: ModelSpec, name: str, version: int) -> None:
    spec.name = name
    spec.version.value = version
