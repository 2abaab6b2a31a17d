"""What a segment leaves in the artefact store: crops from the detector, then predictions from the ensemble."""

import msgspec

from contracts.work import ClassifiedFace, DetectedFace


class DetectedFrame(msgspec.Struct, frozen=True):
    """One sampled frame and the faces found on it; `error` says why it could not be looked at."""

    tick: int
    time_s: float
    faces: list[DetectedFace]
    error: str = ""


class SegmentCrops(msgspec.Struct, frozen=True):
    """A segment's frames, and the crops of all their faces, uint8 gray, one after the other. `error` says why
    frames are missing among them.
    """

    frames: list[DetectedFrame]
    crops: bytes
    error: str = ""


class ClassifiedFrame(msgspec.Struct, frozen=True):
    """One sampled frame with its faces' votes; `error` says why it could not be looked at."""

    tick: int
    time_s: float
    faces: list[ClassifiedFace]
    error: str = ""


class SegmentPredictions(msgspec.Struct, frozen=True):
    """A segment's frames, and the members that did not answer for them; `error` as in SegmentCrops."""

    frames: list[ClassifiedFrame]
    missing: list[str]
    error: str = ""
