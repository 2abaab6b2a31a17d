"""Exponential smoothing of probabilities in time, independent of the frame rate."""

from collections.abc import Collection, Sequence

REFERENCE_S = 0.1


class Smoother:
    """Each followed face's smoothed probabilities.

    `smoothing` is the share of the old value that is left after a tenth of a second: 0 is raw, 0.99 very slow. After
    `t` seconds `smoothing ** (t / 0.1)` is left, so 5 and 25 frames a second give the same curve.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[list[float], float]] = {}

    def update(self, face_id: int, probabilities: Sequence[float], time_s: float, smoothing: float) -> list[float]:
        """The smoothed probabilities of this face now; a face's first are taken as they are."""
        smoothed = list(probabilities)
        if face_id in self._last:
            before, before_s = self._last[face_id]
            kept = smoothing ** (max(0.0, time_s - before_s) / REFERENCE_S) if smoothing else 0.0
            smoothed = [kept * old + (1 - kept) * new for old, new in zip(before, probabilities, strict=True)]
        self._last[face_id] = (smoothed, time_s)
        return smoothed

    def forget_all_but(self, followed: Collection[int]) -> None:
        """Lets go of faces that are no longer followed."""
        for face_id in self._last.keys() - set(followed):
            del self._last[face_id]
