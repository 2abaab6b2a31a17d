"""Starts the real server in a process of its own; talks to it with TensorFlow Serving's own stubs only."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from runtime.model_tree import read_ensemble

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
VERSIONS = {name: member.version for name, member in read_ensemble(MODELS).members.items()}


class Server:
    """A running server, its log and a stub that is connected to it."""

    def __init__(self, flags, log_path):
        self.log_path = log_path
        environ = os.environ | {"THESPIS_LOG_FORMAT": "json", "THESPIS_LOG_LEVEL": "info"}
        with log_path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "model_server", *flags], cwd=ROOT, env=environ, stdout=log, stderr=log
            )
        self.channel = None

    def connect(self):
        wait_until(lambda: self.events("serving") or self.process.poll() is not None)
        assert self.process.poll() is None, self.log_path.read_text()
        self.port = self.events("serving")[0]["port"]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self.stub = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    def events(self, name):
        """The log's lines of one event; whatever LiteRT prints between them is left out."""
        lines = [line for line in self.log_path.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line["event"] == name]

    def predict(self, request, timeout=30):
        return self.stub.Predict(request, timeout=timeout)

    def refusal(self, request):
        """Code and text of the error that a Predict or GetModelMetadata gets."""
        call = self.stub.Predict if isinstance(request, predict_pb2.PredictRequest) else self.stub.GetModelMetadata
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=30)
        return caught.value.code(), caught.value.details()

    def stop(self):
        if self.channel is not None:
            self.channel.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def wait_until(predicate, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"{predicate} was not true within {seconds} s"
        time.sleep(0.01)  # between two looks, so that the server under test gets the processor
    return value


def request_for(crops, name="baseline", as_content=True):
    """A PredictRequest made of nothing but the stubs. crops: uint8 [n, 48, 48, 1]."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    tensor = request.inputs["crops"]
    tensor.dtype = types_pb2.DT_UINT8
    for size in crops.shape:
        tensor.tensor_shape.dim.add(size=size)
    if as_content:
        tensor.tensor_content = crops.tobytes()
    else:
        tensor.int_val.extend(crops.ravel().tolist())
    return request


def probabilities_of(response):
    """float32 [n, 7] of a PredictResponse."""
    tensor = response.outputs["probabilities"]
    assert tensor.dtype == types_pb2.DT_FLOAT
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    return np.array(tensor.float_val, np.float32).reshape(shape)


def model_file(member):
    """Of its newest version."""
    return max((MODELS / member).iterdir(), key=lambda folder: int(folder.name)) / "model.tflite"


def run_directly(member, crops):
    """The member's answer from LiteRT itself, in one run over all crops."""
    interpreter = Interpreter(str(model_file(member)), num_threads=1)
    return interpreter.get_signature_runner("serving_default")(crops=crops)["probabilities"]


def some_crops(count):
    return np.random.default_rng(count).integers(0, 256, (count, 48, 48, 1), np.uint8)


def put_version(base_path, version, member):
    """Copies beside and renames, as a deployment should: the version appears whole."""
    waiting = base_path / f"{version}.copying"
    waiting.mkdir(parents=True)
    shutil.copy(model_file(member), waiting)
    waiting.rename(base_path / str(version))
