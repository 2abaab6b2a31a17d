"""The detector worker's settings."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from runtime.settings import WorkerSettings

DetectorName: TypeAlias = Literal["blazeface", "blazeface_full", "haar"]


class DetectorSettings(WorkerSettings, frozen=True, kw_only=True):
    """What a detector worker needs."""

    detector: Annotated[
        DetectorName,
        Meta(description="blazeface, blazeface_full (smaller faces, slower) or haar (the original's cascade)"),
    ] = "blazeface"
    max_detect_frames: Annotated[
        int, Meta(ge=1, description="frames of all sessions that one detector takes at once")
    ] = 4
    picture_detector: Annotated[DetectorName, Meta(description="the same for single pictures")] = "blazeface_full"
