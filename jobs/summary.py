"""What a job found, a face at a time, from its rows as they pass: memory grows with faces and never with length."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.jobs import FaceSummary, JobSummary, Peak, ResultRow
from contracts.labels import LABELS


@dataclass(slots=True)
class _Tally:
    first_s: float
    last_s: float = 0.0
    frames: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * len(LABELS))
    tops: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LABELS, 0))
    peaks: dict[str, Peak] = field(default_factory=dict)


class Summariser:
    """Takes rows in order; `frame_s` is the time that one sampled frame stands for."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._faces: dict[int, _Tally] = {}
        self._frames_with_faces = 0
        self._last_frame = -1

    def add(self, row: ResultRow) -> None:
        tally = self._faces.setdefault(row.face_id, _Tally(row.time_s))
        tally.last_s = row.time_s
        tally.frames += 1
        tally.tops[row.top] += 1
        for index, label in enumerate(LABELS):
            tally.sums[index] += row.probabilities[label]
            peak = tally.peaks.get(label)
            if peak is None or row.smoothed[label] > peak.probability:
                tally.peaks[label] = Peak(row.time_s, round(row.smoothed[label], 6))
        if row.frame != self._last_frame:
            self._frames_with_faces += 1
            self._last_frame = row.frame

    def summary(self, frames: int, unreadable_frames: int, without_member: Mapping[str, int]) -> JobSummary:
        faces = [self._face(face_id, tally) for face_id, tally in self._faces.items()]
        faces.sort(key=lambda face: (-face.frames, face.face_id))
        return JobSummary(frames, self._frames_with_faces, faces, unreadable_frames, dict(without_member))

    def _face(self, face_id: int, tally: _Tally) -> FaceSummary:
        return FaceSummary(
            face_id=face_id,
            first_s=tally.first_s,
            last_s=tally.last_s,
            seconds_on_screen=round(tally.frames * self._frame_s, 3),
            frames=tally.frames,
            mean_probabilities={
                label: round(total / tally.frames, 6) for label, total in zip(LABELS, tally.sums, strict=True)
            },
            share_of_time={label: round(count / tally.frames, 6) for label, count in tally.tops.items()},
            peaks=tally.peaks,
        )
