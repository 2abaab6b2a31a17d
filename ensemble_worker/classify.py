"""A batch of frames' crops to their replies: one Predict a member for all of them, then each frame's vote."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from contracts.labels import LABELS
from contracts.work import ClassifiedFace, ClassifyFaces, FrameAnswered, FrameFailed
from ensemble_worker.fan_out import FanOut
from ensemble_worker.voting import Predictions, soft_vote
from faces.certainty import agreement


async def classify_batch(
    batch: Sequence[ClassifyFaces],
    fan_out: FanOut,
    weights: Mapping[str, Mapping[str, float]],
    timeout_s: float,
) -> list[FrameAnswered | FrameFailed]:
    """One reply a frame, in order. `weights` are each vote profile's, `timeout_s` the longest wait for a member."""
    started = time.perf_counter()
    wait_s = min(timeout_s, max(frame.deadline for frame in batch) - time.time())
    predictions = await fan_out.predict(b"".join(frame.crops for frame in batch), max(0.001, wait_s))
    ensemble_ms = (time.perf_counter() - started) * 1000
    missing = [name for name in fan_out.names if name not in predictions]
    replies: list[FrameAnswered | FrameFailed] = []
    start = 0
    for frame in batch:
        end = start + len(frame.faces)
        if predictions:
            own = {name: answer[start:end] for name, answer in predictions.items()}
            faces = classified_faces(frame, own, weights[frame.vote_profile])
            replies.append(
                FrameAnswered(
                    frame.ticket, frame.width, frame.height, frame.decode_ms, frame.detect_ms, ensemble_ms,
                    faces, list(predictions), missing,
                )
            )  # fmt: skip
        else:
            replies.append(FrameFailed(frame.ticket, "members_unavailable", "no member of the ensemble answers"))
        start = end
    return replies


def classified_faces(
    frame: ClassifyFaces, predictions: Predictions, weights: Mapping[str, float]
) -> list[ClassifiedFace]:
    """Joins each detected face with its vote."""
    vote = soft_vote(predictions, weights)
    faces = []
    for index, face in enumerate(frame.faces):
        tops = [int(np.argmax(answer[index])) for answer in predictions.values()]
        votes = None
        if frame.votes:
            votes = {
                name: dict(zip(LABELS, answer[index].tolist(), strict=True)) for name, answer in predictions.items()
            }
        faces.append(
            ClassifiedFace(
                face.box, face.score, face.landmarks, vote[index].tolist(),
                agreement(int(np.argmax(vote[index])), tops), votes,
            )
        )  # fmt: skip
    return faces
