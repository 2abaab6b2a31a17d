"""Crops to a PredictRequest and a PredictResponse to probabilities, by TF Serving's own messages."""

import numpy as np
import numpy.typing as npt
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2

from contracts.geometry import CROP_SIZE
from contracts.labels import LABELS

SIGNATURE = "serving_default"
INPUT = "crops"
OUTPUT = "probabilities"
SUM_TOLERANCE = 0.01


class BadPrediction(ValueError):
    """Raised when a member's answer is not n × 7 probabilities; the member is at fault."""


def predict_request(member: str, crops: bytes, count: int) -> predict_pb2.PredictRequest:
    """`crops` are uint8 [count, 48, 48, 1], contiguous; `tensor_content` costs microseconds, a list a millisecond.

    `member` is a name, `name@2` for a version or `name@canary` for a version's label.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name, _, version = member.partition("@")
    if version.isdecimal():
        request.model_spec.version.value = int(version)
    elif version:
        request.model_spec.version_label = version
    request.model_spec.signature_name = SIGNATURE
    tensor = request.inputs[INPUT]
    tensor.dtype = types_pb2.DT_UINT8
    for size in (count, CROP_SIZE, CROP_SIZE, 1):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = crops
    return request


def probabilities_of(response: predict_pb2.PredictResponse, count: int) -> npt.NDArray[np.float32]:
    """float32 [count, 7]. Raises BadPrediction."""
    tensor = response.outputs[OUTPUT]
    wanted = (count, len(LABELS))
    shape = tuple(dimension.size for dimension in tensor.tensor_shape.dim)
    if tensor.dtype != types_pb2.DT_FLOAT or shape != wanted:
        raise BadPrediction(f"wanted float32 {wanted}, got type {tensor.dtype} {shape}")
    if tensor.tensor_content:
        if len(tensor.tensor_content) != 4 * count * len(LABELS):
            raise BadPrediction(f"wanted {wanted} numbers, got {len(tensor.tensor_content)} bytes")
        flat = np.frombuffer(tensor.tensor_content, "<f4")
    else:
        flat = np.array(tensor.float_val, np.float32)
        if flat.size != count * len(LABELS):
            raise BadPrediction(f"wanted {wanted} numbers, got {flat.size}")
    probabilities = flat.reshape(wanted)
    # A comparison with NaN is false, so this refuses those, too.
    if not ((probabilities >= 0.0).all() and (abs(probabilities.sum(axis=1) - 1.0) < SUM_TOLERANCE).all()):
        raise BadPrediction("the numbers are not probabilities")
    return probabilities
