"""The ensemble's part of a job: a segment's crops in, the votes on its faces out, into the artefact store."""

import asyncio
from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.geometry import CROP_BYTES
from contracts.members import Vote
from ensemble_worker.classify import classified_faces
from ensemble_worker.fan_out import FanOut
from jobs.artefacts import Artefacts
from jobs.asked import asked_of
from jobs.bells import Bells
from jobs.parts import ClassifiedFrame, SegmentCrops, SegmentPredictions
from jobs.stages import Claim
from jobs.store import JobStore, UnknownJob
from jobs.working import HeldUp, Lease, LeaseLost, StageWorker, end_segment

PREDICT_TIMEOUT_S = 10.0
"""Long, since members that serve jobs only may have to stand back for live ones."""


class SegmentClassifier:
    """Works on the stage `classify`. `loop` is where the members' channels live."""

    def __init__(
        self,
        store: JobStore,
        bells: Bells,
        artefacts: Artefacts,
        fan_out: FanOut,
        loop: asyncio.AbstractEventLoop,
        votes: Mapping[str, Vote],
        crops_per_call: int,
        patience_s: float,
    ) -> None:
        self._store = store
        self._bells = bells
        self._artefacts = artefacts
        self._fan_out = fan_out
        self._loop = loop
        self._votes = votes
        self._bytes_per_call = crops_per_call * CROP_BYTES
        self._worker = StageWorker(store, bells, "classify", self._classify, self._give_up, patience_s)

    def serve(self) -> None:
        """Works on one segment, if any waits."""
        self._worker.serve()

    def _classify(self, claim: Claim, lease: Lease) -> None:
        part = self._artefacts.path(claim.job_id, "parts", str(claim.segment))
        done = self._artefacts.path(claim.job_id, "segments", str(claim.segment))
        try:
            facts = self._store.facts(claim.job_id)
            crops = msgspec.msgpack.decode(self._artefacts.read(part), type=SegmentCrops)
        except UnknownJob:
            raise LeaseLost from None
        except FileNotFoundError:
            if not self._artefacts.exists(done):
                raise
            # Another worker did it: our claim is stale, or the record is a restored one that is older than the files.
            known = msgspec.msgpack.decode(self._artefacts.read(done), type=SegmentPredictions)
            end_segment(self._store, self._bells, claim, len(known.frames), known.error)
            return
        options = facts.options
        vote, asked = asked_of(options, self._votes, self._fan_out.names)
        predictions = self._predict(crops.crops, asked, lease)
        result = SegmentPredictions(
            _voted(crops, predictions, vote, with_members=options.votes),
            sorted(set(asked) - set(predictions)) if crops.crops else [],
            crops.error,
        )
        lease.check()
        self._artefacts.write_whole(done, msgspec.msgpack.encode(result))
        if not end_segment(self._store, self._bells, claim, len(result.frames), result.error):
            raise LeaseLost
        self._artefacts.remove(part)

    def _predict(self, crops: bytes, asked: list[str], lease: Lease) -> dict[str, npt.NDArray[np.float32]]:
        """Member -> float32 [n, 7], of the members that answered for all of the crops. Raises HeldUp."""
        found: list[dict[str, npt.NDArray[np.float32]]] = []
        step = self._bytes_per_call
        for start in range(0, len(crops), step):
            part = crops[start : start + step]
            answering = self._fan_out.predict_in_turn(part, PREDICT_TIMEOUT_S, asked, lease.check)
            found.append(self._loop.run_until_complete(answering))
        answered = set.intersection(*(set(part) for part in found)) if found else set()
        if found and not answered:
            raise HeldUp("no member of the ensemble answered")
        return {name: np.concatenate([part[name] for part in found]) for name in sorted(answered)}

    def _give_up(self, claim: Claim, message: str) -> None:
        end_segment(self._store, self._bells, claim, 0, message)


def _voted(
    crops: SegmentCrops, predictions: Mapping[str, npt.NDArray[np.float32]], vote: Vote, *, with_members: bool
) -> list[ClassifiedFrame]:
    frames, start = [], 0
    for frame in crops.frames:
        end = start + len(frame.faces)
        own = {name: answer[start:end] for name, answer in predictions.items()}
        faces = classified_faces(frame.faces, own, vote, with_members=with_members) if frame.faces else []
        frames.append(ClassifiedFrame(frame.tick, frame.time_s, faces, frame.error))
        start = end
    return frames
