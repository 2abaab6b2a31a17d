"""What the services hand to each other: commands in the imperative, replies in the past tense.

Times called `deadline` are Unix seconds. Internal messages tolerate unknown fields, so that services of two versions
can work side by side during a rolling deploy.
"""

from typing import Literal

import msgspec

from contracts.geometry import BoundingBox, Landmarks
from contracts.protocol import Explanation, Probabilities

WorkFailure = Literal["undecodable_image", "members_unavailable", "internal"]


class Trail(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a piece of work comes from, for logs, traces and metrics.

    `session_id` and `frame_id` are missing for a single picture; `traceparent` is W3C Trace Context's, empty where the
    frame is not traced; `sent_s` is when it was laid into the list that it waits in, in Unix seconds.
    """

    session_id: str = ""
    frame_id: int = 0
    traceparent: str = ""
    sent_s: float = 0.0


class DetectFaces(msgspec.Struct, frozen=True):
    """Command to a detector: the encoded picture lies in Redis under `picture_key`."""

    correlation_id: str
    reply_channel: str
    picture_key: str
    deadline: float
    max_faces: int
    min_face_size: int
    vote_profile: str
    votes: bool
    already_cropped: bool = False
    explain: bool = False
    trail: Trail = Trail()


class DetectedFace(msgspec.Struct, frozen=True, omit_defaults=True):
    """A face as the detector found it; `score` is the detector's confidence, 0 to 1.

    `crop_to_image` is there when an explanation was asked for; contracts/protocol.py tells its order.
    """

    box: BoundingBox
    score: float
    landmarks: Landmarks | None
    crop_to_image: list[float] | None = None


class ClassifyFaces(msgspec.Struct, frozen=True):
    """Command to the ensemble: the faces' crops lie in Redis under `crops_key`, in the same order."""

    correlation_id: str
    reply_channel: str
    crops_key: str
    deadline: float
    vote_profile: str
    votes: bool
    explain: bool
    width: int
    height: int
    decode_ms: float
    detect_ms: float
    faces: list[DetectedFace]
    trail: Trail = Trail()


class ClassifiedFace(msgspec.Struct, frozen=True, omit_defaults=True):
    """A face with the ensemble's vote, probabilities in the order of LABELS; not yet followed or smoothed."""

    box: BoundingBox
    score: float
    landmarks: Landmarks | None
    probabilities: list[float]
    agreement: float
    votes: dict[str, Probabilities] | None
    explanation: Explanation | None = None


class FrameAnswered(msgspec.Struct, frozen=True, tag="answered"):
    """Event: a frame went all the way. Without a face `used` and `missing` are empty."""

    correlation_id: str
    width: int
    height: int
    decode_ms: float
    detect_ms: float
    ensemble_ms: float
    faces: list[ClassifiedFace]
    used: list[str]
    missing: list[str]


class FrameFailed(msgspec.Struct, frozen=True, tag="failed"):
    """Event: a frame could not be answered; `message` is for the client."""

    correlation_id: str
    code: WorkFailure
    message: str


class CheckReady(msgspec.Struct, frozen=True):
    """Command to a detector or ensemble worker: say that you consume, and which members answer you."""

    correlation_id: str
    reply_channel: str


class ReadyChecked(msgspec.Struct, frozen=True, tag="ready"):
    """Event: a worker consumes; an ensemble worker names the members that answered a warm call."""

    correlation_id: str
    used: list[str]
    missing: list[str]


Reply = FrameAnswered | FrameFailed | ReadyChecked
