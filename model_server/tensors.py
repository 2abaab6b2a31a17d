"""TensorProto to numpy and back, checked against a signature. Pure: knows neither gRPC nor LiteRT.

Rules and words are TensorFlow's where it has them: `Tensor::FromProto` and `Tensor::AsProtoField` in
tensorflow/core/framework/tensor.cc, `saved_model::GetInputValues` in tensorflow/cc/saved_model/util.cc.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from model_server.errors import InvalidRequest

TensorProto: TypeAlias = Any
TensorInfo: TypeAlias = Any
Array: TypeAlias = npt.NDArray[Any]

FIELDS: Final = {types_pb2.DT_UINT8: "int_val", types_pb2.DT_FLOAT: "float_val"}
"""Which repeated field of a TensorProto holds the values of each data type that a member may have."""

_NUMPY_TYPES: Final = {types_pb2.DT_UINT8: np.dtype(np.uint8), types_pb2.DT_FLOAT: np.dtype(np.float32)}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a signature. `shape` has -1 first, for the batch, and fixed sizes after it."""

    alias: str
    tensor_name: str
    dtype: npt.DTypeLike
    shape: tuple[int, ...]

    @property
    def data_type(self) -> int:
        """The number of TensorFlow's DataType. Raises ValueError for one that no member has."""
        for number, known in _NUMPY_TYPES.items():
            if known == np.dtype(self.dtype):
                return int(number)
        raise ValueError(f"tensors of {np.dtype(self.dtype)} are not served")


def read_tensor(proto: TensorProto, spec: TensorSpec, max_batch_size: int) -> Array:
    """The array [n, *spec.shape[1:]] of spec's dtype that `proto` carries, n from 0 to `max_batch_size`.

    Shape and size are checked before anything is allocated. Raises InvalidRequest.
    """
    if proto.dtype != spec.data_type:
        wanted, given = type_name(spec.data_type), type_name(proto.dtype)
        raise InvalidRequest(f"Expects arg[0] to be {wanted} but {given} is provided")
    shape = _read_shape(proto, spec, max_batch_size)
    if proto.tensor_content:
        return _from_content(proto.tensor_content, shape, spec)
    return _from_values(getattr(proto, FIELDS[spec.data_type]), shape, spec)


def write_tensor(array: Array, spec: TensorSpec) -> TensorProto:
    """A TensorProto with its values in the repeated field of its type, TensorFlow Serving's default form."""
    proto = tensor_pb2.TensorProto(dtype=spec.data_type)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, FIELDS[spec.data_type]).extend(array.ravel().tolist())
    return proto


def tensor_info(spec: TensorSpec) -> TensorInfo:
    """What a SignatureDef says of one input or output."""
    info = meta_graph_pb2.TensorInfo(name=spec.tensor_name, dtype=spec.data_type)
    for size in spec.shape:
        info.tensor_shape.dim.add(size=size)
    return info


def type_name(data_type: int) -> str:
    """TensorFlow's short name of a DataType: `uint8`, `float`."""
    try:
        return str(types_pb2.DataType.Name(data_type)).removeprefix("DT_").lower()
    except ValueError:  # protobuf lets numbers through that the enum does not know
        return str(data_type)


def _read_shape(proto: TensorProto, spec: TensorSpec, max_batch_size: int) -> tuple[int, ...]:
    shape = tuple(int(dim.size) for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise InvalidRequest(f"tensor parsing error: {spec.alias}")
    if len(shape) != len(spec.shape) or shape[1:] != spec.shape[1:]:
        expected, given = _shape_text(spec.shape), _shape_text(shape)
        raise InvalidRequest(f"Expects arg[0] to have shape {expected} but {given} is provided")
    if shape[0] > max_batch_size:
        raise InvalidRequest(f"Task size {shape[0]} is larger than maximum input batch size {max_batch_size}")
    return shape


def _shape_text(shape: Iterable[int]) -> str:
    return "[" + ",".join("?" if size < 0 else str(size) for size in shape) + "]"


def _from_content(content: bytes, shape: tuple[int, ...], spec: TensorSpec) -> Array:
    dtype = np.dtype(spec.dtype)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise InvalidRequest(f"tensor parsing error: {spec.alias}")
    return np.frombuffer(content, dtype).reshape(shape)


def _from_values(values: Sequence[float], shape: tuple[int, ...], spec: TensorSpec) -> Array:
    """As TensorFlow does: too few are continued with the last one, none means zeros, too many are cut."""
    count = math.prod(shape)
    given = np.array(values[:count], np.int64 if spec.data_type == types_pb2.DT_UINT8 else np.float32)
    if spec.data_type == types_pb2.DT_UINT8 and given.size and not (given.min() >= 0 and given.max() <= 255):
        # TensorFlow would wrap around silently; a picture that is not one deserves an error.
        raise InvalidRequest(f"tensor parsing error: {spec.alias}: a uint8 is from 0 to 255")
    array = np.zeros(count, spec.dtype)
    if given.size:
        array[: given.size] = given
        array[given.size :] = given[-1]
    return array.reshape(shape)
