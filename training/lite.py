"""An exported member, run by the interpreter that serves it on a bare machine."""

import time
from pathlib import Path
from statistics import median

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

SIGNATURE = "serving_default"
FLOAT_FILE = "model.tflite"
INT8_FILE = "model.int8.tflite"
BATCH = 64


class LiteMember:
    """A member's `.tflite` file with its interpreter; not for several threads at once."""

    def __init__(self, file: Path, threads: int = 1) -> None:
        """Load the file; raises ValueError where it lacks the signature `serving_default`."""
        self._interpreter = Interpreter(str(file), num_threads=threads)
        self._run = self._interpreter.get_signature_runner(SIGNATURE)

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 pictures [n, 48, 48] -> float32 probabilities [n, 7]."""
        batches = [pictures[i : i + BATCH, :, :, None] for i in range(0, len(pictures), BATCH)]
        return np.concatenate([self._run(crops=batch)["probabilities"] for batch in batches])

    def crops_per_second(self, pictures: NDArray[np.uint8]) -> float:
        """Throughput over uint8 pictures [n, 48, 48] in batches of `BATCH`, on this interpreter's threads."""
        self._run(crops=pictures[:BATCH, :, :, None])
        started = time.perf_counter()
        self.probabilities(pictures)
        return len(pictures) / (time.perf_counter() - started)

    def ms_per_crop(self, picture: NDArray[np.uint8], repeats: int = 50) -> float:
        """Median time of one crop alone, in milliseconds: uint8 picture [48, 48]."""
        crop = picture[None, :, :, None]
        self._run(crops=crop)
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            self._run(crops=crop)
            times.append(time.perf_counter() - started)
        return median(times) * 1000.0
