"""A batch of frames' crops to their replies: one Predict a member for all of them, then each frame's vote."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.labels import by_label
from contracts.members import Vote
from contracts.work import ClassifiedFace, ClassifyFaces, DetectedFace, FrameAnswered, FrameFailed
from ensemble_worker.fan_out import FanOut
from ensemble_worker.voting import Predictions, shares_of_vote, soft_vote
from faces.certainty import agreement
from runtime.metrics import BATCH_SIZE

BATCH = BATCH_SIZE.labels("classify")


@dataclass(frozen=True, slots=True)
class CroppedFaces:
    """A frame's faces with their crops, uint8 gray, one after the other."""

    frame: ClassifyFaces
    crops: bytes


def rounds(
    waiting: Sequence[CroppedFaces], most_crops: int, members_of: Callable[[ClassifyFaces], Collection[str]]
) -> Iterator[list[CroppedFaces]]:
    """Cuts what waits into rounds of at most `most_crops` crops; a frame that has more is a round of its own.

    The frames of a round need the same members, so that nobody's crops are read by members that only somebody else
    asks for, nor wait for them. Those that need the fewest are done soonest and come first.
    """
    alike: dict[frozenset[str], list[CroppedFaces]] = {}
    for cropped in waiting:
        alike.setdefault(frozenset(members_of(cropped.frame)), []).append(cropped)
    for needed in sorted(alike, key=len):
        yield from _cut(alike[needed], most_crops)


def _cut(waiting: Sequence[CroppedFaces], most_crops: int) -> Iterator[list[CroppedFaces]]:
    batch: list[CroppedFaces] = []
    crops = 0
    for cropped in waiting:
        if batch and crops + len(cropped.frame.faces) > most_crops:
            yield batch
            batch, crops = [], 0
        batch.append(cropped)
        crops += len(cropped.frame.faces)
    if batch:
        yield batch


async def classify_batch(
    batch: Sequence[CroppedFaces],
    fan_out: FanOut,
    votes: Mapping[str, Vote],
    timeout_s: float,
    asked: Collection[str],
) -> list[FrameAnswered | FrameFailed]:
    """One reply a frame, in order. `votes` are each by its profile, `timeout_s` is the longest wait for a member.

    The members `asked`, which each of the frames needs, get one call for all of them.
    """
    started = time.perf_counter()
    left_s = max(cropped.frame.deadline for cropped in batch) - time.time()
    BATCH.observe(sum(len(cropped.frame.faces) for cropped in batch))
    crops = b"".join(cropped.crops for cropped in batch)
    predictions = await fan_out.predict(crops, timeout_s, left_s, asked)
    fan_out.canaries.offer(crops, predictions)
    used = [name for name in predictions if name in asked] or list(predictions)
    missing = [name for name in asked if name not in predictions]
    ensemble_ms = (time.perf_counter() - started) * 1000
    replies: list[FrameAnswered | FrameFailed] = []
    start = 0
    for frame in (cropped.frame for cropped in batch):
        end = start + len(frame.faces)
        if predictions:
            own = {name: predictions[name][start:end] for name in used}
            faces = classified_faces(frame.faces, own, votes[frame.vote_profile], with_members=frame.votes)
            replies.append(
                FrameAnswered(
                    frame.correlation_id, frame.width, frame.height, frame.decode_ms, frame.detect_ms, ensemble_ms,
                    faces, used, missing,
                )
            )  # fmt: skip
        else:
            replies.append(
                FrameFailed(frame.correlation_id, "members_unavailable", "no member of the ensemble answers")
            )
        start = end
    return replies


def classified_faces(
    detected: Sequence[DetectedFace], predictions: Predictions, vote: Vote, *, with_members: bool
) -> list[ClassifiedFace]:
    """Joins each detected face with what the vote says, and with every member's prediction where that is wanted.

    Only members with a share of the vote agree with it or not.
    """
    said, voters = soft_vote(predictions, vote), shares_of_vote(predictions, vote.weights)
    faces = []
    for index, face in enumerate(detected):
        tops = [int(np.argmax(predictions[name][index])) for name in voters]
        own = None
        if with_members:
            own = {name: by_label(answer[index].tolist()) for name, answer in predictions.items()}
        faces.append(
            ClassifiedFace(
                face.box, face.score, face.landmarks, said[index].tolist(),
                agreement(int(np.argmax(said[index])), tops), own,
            )
        )  # fmt: skip
    return faces
