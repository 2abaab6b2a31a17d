import numpy as np
import pytest
from tensorflow.core.framework import tensor_pb2, types_pb2

from model_server.errors import InvalidRequest
from model_server.tensors import TensorSpec, read_tensor, tensor_info, type_name, write_tensor

CROPS = TensorSpec("crops", "serving_default_crops:0", np.uint8, (-1, 4, 4, 1))
PROBABILITIES = TensorSpec("probabilities", "StatefulPartitionedCall:0", np.float32, (-1, 7))
MOST = 8


def tensor_of(shape, data_type=types_pb2.DT_UINT8, **fields):
    proto = tensor_pb2.TensorProto(dtype=data_type, **fields)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def some_crops(count):
    return np.random.default_rng(count).integers(0, 256, (count, 4, 4, 1), np.uint8)


def test_tensor_content_is_read_as_the_array_that_was_sent():
    crops = some_crops(3)
    read = read_tensor(tensor_of(crops.shape, tensor_content=crops.tobytes()), CROPS, MOST)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, crops)


def test_a_list_of_ints_is_read_as_the_array_that_was_sent():
    crops = some_crops(2)
    read = read_tensor(tensor_of(crops.shape, int_val=crops.ravel().tolist()), CROPS, MOST)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, crops)


def test_content_goes_before_a_list_as_in_tensorflow():
    crops = some_crops(1)
    read = read_tensor(tensor_of(crops.shape, tensor_content=crops.tobytes(), int_val=[9]), CROPS, MOST)
    np.testing.assert_array_equal(read, crops)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], [0] * 16), ([7], [7] * 16), ([1, 2], [1] + [2] * 15), (list(range(20)), list(range(16)))],
)
def test_a_list_of_another_length_is_continued_or_cut_as_tensorflow_does(values, expected):
    read = read_tensor(tensor_of((1, 4, 4, 1), int_val=values), CROPS, MOST)
    assert read.ravel().tolist() == expected


def test_a_batch_of_none_is_an_empty_array():
    assert read_tensor(tensor_of((0, 4, 4, 1)), CROPS, MOST).shape == (0, 4, 4, 1)


@pytest.mark.parametrize("value", [-1, 256, 2**31 - 1, -(2**31)])
def test_a_number_that_is_no_uint8_is_refused(value):
    with pytest.raises(InvalidRequest, match="a uint8 is from 0 to 255"):
        read_tensor(tensor_of((1, 4, 4, 1), int_val=[value] * 16), CROPS, MOST)


@pytest.mark.parametrize("length", [1, 15, 17, 64])
def test_content_of_another_length_than_the_shape_is_refused(length):
    with pytest.raises(InvalidRequest, match=r"^tensor parsing error: crops$"):
        read_tensor(tensor_of((1, 4, 4, 1), tensor_content=bytes(length)), CROPS, MOST)


@pytest.mark.parametrize("shape", [(), (16,), (4, 4, 1), (1, 4, 4), (1, 4, 4, 3), (1, 4, 5, 1), (1, 1, 4, 4, 1)])
def test_another_rank_or_size_is_refused(shape):
    with pytest.raises(InvalidRequest, match=r"to have shape \[\?,4,4,1\] but \["):
        read_tensor(tensor_of(shape, tensor_content=bytes(int(np.prod(shape)))), CROPS, MOST)


def test_a_negative_size_or_an_unknown_rank_is_refused():
    with pytest.raises(InvalidRequest, match="tensor parsing error: crops"):
        read_tensor(tensor_of((-1, 4, 4, 1), tensor_content=bytes(16)), CROPS, MOST)
    unknown = tensor_of(())
    unknown.tensor_shape.unknown_rank = True
    with pytest.raises(InvalidRequest, match="tensor parsing error: crops"):
        read_tensor(unknown, CROPS, MOST)


@pytest.mark.parametrize(
    ("data_type", "name"),
    [
        (types_pb2.DT_FLOAT, "float"),
        (types_pb2.DT_INT32, "int32"),
        (types_pb2.DT_STRING, "string"),
        (types_pb2.DT_INVALID, "invalid"),
        (4711, "4711"),
    ],
)
def test_another_type_is_refused_by_its_name(data_type, name):
    with pytest.raises(InvalidRequest, match=rf"^Expects arg\[0\] to be uint8 but {name} is provided$"):
        read_tensor(tensor_of((1, 4, 4, 1), data_type), CROPS, MOST)


def test_a_batch_over_the_bound_is_refused_before_anything_is_allocated():
    with pytest.raises(InvalidRequest, match="Task size 9 is larger than maximum input batch size 8"):
        read_tensor(tensor_of((9, 4, 4, 1), int_val=[1]), CROPS, MOST)
    with pytest.raises(InvalidRequest, match="larger than maximum"):
        read_tensor(tensor_of((2**62, 4, 4, 1), int_val=[1]), CROPS, MOST)


def test_an_answer_is_written_as_a_list_of_floats_with_its_shape():
    array = np.random.default_rng(1).random((2, 7), np.float32)
    proto = write_tensor(array, PROBABILITIES)
    assert proto.dtype == types_pb2.DT_FLOAT
    assert [dim.size for dim in proto.tensor_shape.dim] == [2, 7]
    assert not proto.tensor_content
    np.testing.assert_array_equal(np.array(proto.float_val, np.float32).reshape(2, 7), array)
    np.testing.assert_array_equal(read_tensor(proto, PROBABILITIES, MOST), array)


def test_a_signature_says_minus_one_for_the_batch():
    info = tensor_info(CROPS)
    assert info.name == "serving_default_crops:0"
    assert info.dtype == types_pb2.DT_UINT8
    assert [dim.size for dim in info.tensor_shape.dim] == [-1, 4, 4, 1]


def test_types_go_by_tensorflows_short_names():
    assert type_name(types_pb2.DT_FLOAT) == "float"
    assert type_name(types_pb2.DT_UINT8) == "uint8"
