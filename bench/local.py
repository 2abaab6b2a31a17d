"""Frames answered inside one process, with no queue: what this machine can do at the most."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from contracts.members import Ensemble
from detector_worker.crops import cut_crop
from detector_worker.decoding import decode_image
from detector_worker.detectors import find_faces, make_detector
from ensemble_worker.tensors import INPUT, OUTPUT, SIGNATURE
from ensemble_worker.voting import soft_vote

Answer = Callable[[bytes], object]
"""Takes one encoded frame all the way."""


class LiteMember:
    """One member as LiteRT runs it in this process."""

    def __init__(self, path: Path, threads: int) -> None:
        self._runner = Interpreter(str(path), num_threads=threads).get_signature_runner(SIGNATURE)

    def predict(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        answer: npt.NDArray[np.float32] = self._runner(**{INPUT: crops})[OUTPUT]
        return answer


def whole_path(models_path: Path, ensemble: Ensemble, threads: int, profile: str) -> Answer:
    """Decode, detect, crop, every member of the vote, vote: what the platform does, without the platform."""
    look_at = path_of_images(models_path, ensemble, threads, profile)

    def answer(jpeg: bytes) -> object:
        return look_at(decode_image(jpeg))

    return answer


def path_of_images(
    models_path: Path, ensemble: Ensemble, threads: int, profile: str = "default"
) -> Callable[[npt.NDArray[np.uint8]], object]:
    """The same for what is decoded already: uint8 bgr [height, width, 3]."""
    detector = make_detector("blazeface")
    vote = ensemble.votes[profile]
    members = {
        name: LiteMember(models_path / name / str(member.version) / ensemble.bare_machine_file, threads)
        for name, member in ensemble.members.items()
        if name in vote.weights
    }

    def look_at(bgr_image: npt.NDArray[np.uint8]) -> object:
        faces = find_faces(detector, bgr_image, 8, 24)
        if not faces:
            return None
        crops = np.stack([cut_crop(bgr_image, face) for face in faces])[..., np.newaxis]
        return soft_vote({name: member.predict(crops) for name, member in members.items()}, vote)

    return look_at


def original_loop(models_path: Path, ensemble: Ensemble) -> Answer:
    """The student project's loop: a Haar cascade (1.1, 7 neighbours) on the whole frame and one CNN."""
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    name = "baseline" if "baseline" in ensemble.members else next(iter(ensemble.members))
    member = LiteMember(models_path / name / str(ensemble.members[name].version) / ensemble.bare_machine_file, 1)

    def answer(jpeg: bytes) -> object:
        gray = cv2.cvtColor(decode_image(jpeg), cv2.COLOR_BGR2GRAY)
        boxes = cascade.detectMultiScale(gray, 1.1, 7)
        crops = [cv2.resize(gray[y : y + h, x : x + w], (48, 48)) for x, y, w, h in boxes]
        return [member.predict(crop[np.newaxis, ..., np.newaxis].astype(np.uint8)) for crop in crops]

    return answer


def median_ms(answer: Answer, frames: list[bytes], seconds: float) -> float:
    """The median time of one frame, one after the other."""
    answer(frames[0])
    taken = []
    end = time.perf_counter() + seconds
    step = 0
    while time.perf_counter() < end:
        started = time.perf_counter()
        answer(frames[step % len(frames)])
        taken.append((time.perf_counter() - started) * 1000)
        step += 1
    return float(np.median(taken))


def frames_per_s(make: Callable[[], Answer], frames: list[bytes], seconds: float, workers: int) -> float:
    """Frames answered in a second by `workers` threads, each with everything of its own."""
    counts = [0] * workers
    answers = [make() for _ in range(workers)]
    for answer in answers:
        answer(frames[0])
    end = time.perf_counter() + seconds

    def work(index: int) -> None:
        while time.perf_counter() < end:
            answers[index](frames[counts[index] % len(frames)])
            counts[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(workers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def measure_in_process(
    models_path: Path, ensemble: Ensemble, frames: list[bytes], seconds: float, profile: str
) -> dict[str, float]:
    """Latency and throughput, each the better of one and two threads."""
    latencies = []
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        latencies.append(median_ms(whole_path(models_path, ensemble, threads, profile), frames, seconds / 4))
    cv2.setNumThreads(1)
    throughputs = [
        frames_per_s(lambda: whole_path(models_path, ensemble, 1, profile), frames, seconds / 4, workers)
        for workers in (1, 2)
    ]
    return {"p50_ms": round(min(latencies), 2), "frames_per_s": round(max(throughputs), 1)}


def measure_original(models_path: Path, ensemble: Ensemble, frames: list[bytes], seconds: float) -> dict[str, float]:
    """The original was one loop for one user, with all of OpenCV's threads."""
    cv2.setNumThreads(cv2.getNumberOfCPUs())
    p50_ms = median_ms(original_loop(models_path, ensemble), frames, seconds / 2)
    rate = frames_per_s(lambda: original_loop(models_path, ensemble), frames, seconds / 2, 1)
    cv2.setNumThreads(1)
    return {"p50_ms": round(p50_ms, 2), "frames_per_s": round(rate, 1)}
