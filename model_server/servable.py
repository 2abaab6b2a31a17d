"""One version of one model, loaded and warm.

Measured on two cores with AVX-512, members residual and five_layer: making room for more crops than ever
before costs 5 to 15 ms, but going to any size up to the largest so far costs 0.08 ms and changes no bit
of the answer. So there is one interpreter, allocated once for CHUNK_SIZE crops; a larger batch goes
through it in chunks. An interpreter per size would repeat the packed weights (11 to 23 MB each) for
nothing.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model_server.errors import Abandoned, UnservableModel
from model_server.tensors import Array, TensorSpec
from runtime.native_words import without_native_info

CHUNK_SIZE: Final = 16
"""Crops in one run. Per crop 16 is within 3 % of 32 and saves 11 MB and more."""

MODEL_FILE: Final = "model.tflite"


class Servable:
    """A model file in an interpreter: one input, one output, both batched along their first axis."""

    def __init__(self, version_path: Path, num_threads: int, file: str = MODEL_FILE) -> None:
        """Loads and runs once. Raises UnservableModel."""
        try:
            # Read whole, not mapped: a file that shrinks under a mapping kills the process with SIGBUS.
            content = (version_path / file).read_bytes()
            with without_native_info():
                self._interpreter: Any = Interpreter(model_content=content, num_threads=num_threads)
                self.signature_name, self.input, self.output = self._read_signature()
                self._make_room(CHUNK_SIZE)
            self._lock = threading.Lock()
            self.predict(np.zeros((1, *self.input.shape[1:]), self.input.dtype))
        except (OSError, ValueError, RuntimeError) as problem:
            raise UnservableModel(f"{version_path / file}: {problem}") from problem

    def predict(self, batch: Array, wanted: Callable[[], bool] = lambda: True) -> Array:
        """[n, *input.shape[1:]] -> [n, *output.shape[1:]], one chunk at a time; n may be 0.

        Before each chunk `wanted` is asked whether anybody still waits; if not, raises Abandoned.
        """
        answer = np.empty((len(batch), *self.output.shape[1:]), self.output.dtype)
        for start in range(0, len(batch), CHUNK_SIZE):
            chunk = batch[start : start + CHUNK_SIZE]
            with self._lock:
                if not wanted():
                    raise Abandoned
                answer[start : start + len(chunk)] = self._run(chunk)
        return answer

    def _run(self, chunk: Array) -> Array:
        self._make_room(len(chunk))
        self._interpreter.set_tensor(self._input_index, chunk)
        self._interpreter.invoke()
        probabilities: Array = self._interpreter.get_tensor(self._output_index)
        return probabilities

    def _make_room(self, size: int) -> None:
        self._interpreter.resize_tensor_input(self._input_index, [size, *self.input.shape[1:]])
        self._interpreter.allocate_tensors()

    def _read_signature(self) -> tuple[str, TensorSpec, TensorSpec]:
        signatures = list(self._interpreter.get_signature_list())
        if len(signatures) != 1:
            raise ValueError(f"one signature is served, this model has {signatures}")
        runner = self._interpreter.get_signature_runner(signatures[0])
        self._input_index, input_spec = _only_tensor(runner.get_input_details())
        self._output_index, output_spec = _only_tensor(runner.get_output_details())
        return signatures[0], input_spec, output_spec


def _only_tensor(details_by_alias: dict[str, Any]) -> tuple[int, TensorSpec]:
    """Index and description of a signature's only input or output. Raises ValueError for any other form."""
    if len(details_by_alias) != 1:
        raise ValueError(f"one input and one output are served, this model has {list(details_by_alias)}")
    ((alias, details),) = details_by_alias.items()
    shape = tuple(int(size) for size in details["shape_signature"])
    if not shape or shape[0] != -1 or any(size < 0 for size in shape[1:]):
        raise ValueError(f"{alias} must be batched along its first axis only, its shape is {list(shape)}")
    spec = TensorSpec(alias, details["name"], details["dtype"], shape)
    _ = spec.data_type  # refuses what can't be sent, now rather than at the first call
    return int(details["index"]), spec
