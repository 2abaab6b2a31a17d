"""What a member's answer must be to count."""

import grpc
import numpy as np
import pytest
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2

from contracts.geometry import CROP_BYTES
from ensemble_worker.member import Member
from ensemble_worker.tensors import BadPrediction, probabilities_of

GOOD = np.full((2, 7), 1 / 7, np.float32)


def response(content: bytes, shape: tuple[int, ...] = (2, 7), dtype: int = types_pb2.DT_FLOAT) -> object:
    answer = predict_pb2.PredictResponse()
    tensor = answer.outputs["probabilities"]
    tensor.dtype = dtype
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = content
    return answer


def test_probabilities_are_read_as_bytes_and_as_a_list() -> None:
    as_list = response(b"")
    as_list.outputs["probabilities"].float_val.extend(GOOD.ravel().tolist())
    for answer in (response(GOOD.tobytes()), as_list):
        np.testing.assert_allclose(probabilities_of(answer, 2), GOOD)


@pytest.mark.parametrize(
    "answer",
    [
        response(GOOD.tobytes()[:-1]),
        response(GOOD.tobytes()[:-4]),
        response(GOOD.tobytes(), shape=(7, 2)),
        response(GOOD.astype(np.float64).tobytes(), dtype=types_pb2.DT_DOUBLE),
        response(np.zeros((2, 7), np.float32).tobytes()),
        response(np.full((2, 7), np.nan, np.float32).tobytes()),
        response((GOOD * [2, 0, 1, 1, 1, 1, 1]).astype(np.float32).tobytes()[:28] + (-GOOD).tobytes()[28:]),
        response(b""),
        predict_pb2.PredictResponse(),
    ],
)
def test_anything_else_is_the_members_mistake(answer: object) -> None:
    with pytest.raises(BadPrediction):
        probabilities_of(answer, 2)


async def test_bytes_that_are_no_answer_are_the_members_mistake_and_nobody_elses() -> None:
    async def babble(_: bytes, __: object) -> bytes:
        return b"\xff\xff"

    predict = {"Predict": grpc.unary_unary_rpc_method_handler(babble)}
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", predict)]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    member = Member("a", f"127.0.0.1:{port}", 1.0)
    try:
        assert await member.predict(bytes(CROP_BYTES), 10.0) is None
        assert not member.breaker.closed
    finally:
        await member.close()
        await server.stop(None)
