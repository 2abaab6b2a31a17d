"""The messages of the WebSocket protocol `thespis.v1`; docs/protocol.md is tested against this.

Every frame sent is answered by exactly one `Result`, `Dropped` or `Error`. Messages from clients forbid unknown
fields; clients should tolerate unknown fields in ours.
"""

from typing import Annotated, Final, Literal

import msgspec

from contracts.geometry import BoundingBox, Landmarks

SUBPROTOCOL: Final = "thespis.v1"

Probabilities = dict[str, float]
"""Label -> probability; all seven labels in their order, summing to 1."""

DropReason = Literal["superseded", "rate", "overload", "expired"]


class Members(msgspec.Struct, frozen=True):
    """Which members voted on a frame and which did not answer in time."""

    used: list[str]
    missing: list[str]


class Timing(msgspec.Struct, frozen=True):
    """Milliseconds. `queue` is all that was not work: mailbox, both queues and the ways between."""

    queue: float
    decode: float
    detect: float
    ensemble: float
    total: float


class Explanation(msgspec.Struct, frozen=True):
    """What a face's `top` label leans on: how much of its probability is lost when a part of the crop is covered.

    `values` are rows of cells, from the crop's top left. `crop_to_image` [a, b, c, d, e, f] brings crop pixels (u, v)
    into the picture: x = a·u + c·v + e, y = b·u + d·v + f, as a canvas's `transform` takes it.
    """

    label: str
    crop_size: int
    values: list[list[float]]
    crop_to_image: list[float]


class Face(msgspec.Struct, frozen=True, omit_defaults=True):
    """One face of a result. `votes` and `explanation` are there when the client asked for them."""

    face_id: int
    box: BoundingBox
    score: float
    landmarks: Landmarks | None
    probabilities: Probabilities
    smoothed: Probabilities
    top: str
    agreement: float
    uncertain: bool
    votes: dict[str, Probabilities] | None = None
    explanation: Explanation | None = None


class Limits(msgspec.Struct, frozen=True):
    """What the server accepts from this session."""

    max_frame_bytes: int
    max_pixels: int
    max_fps: float
    max_frames_in_flight: int
    max_faces: int
    max_bad_frames_in_a_row: int
    frame_deadline_ms: int
    idle_timeout_s: float


class MemberDescription(msgspec.Struct, frozen=True):
    """One served model and what was measured of it."""

    name: str
    version: int
    architecture: str
    measured: dict[str, float]


class Preferences(msgspec.Struct, frozen=True):
    """What a session chose. A field that is absent from `session.update` keeps its value."""

    vote_profile: str = "default"
    smoothing: float = 0.6
    max_faces: int = 8
    min_face_size: int = 24
    votes: bool = False
    votes_fps: float = 0.0


class SessionCreated(msgspec.Struct, frozen=True, tag_field="type", tag="session.created"):
    """The first message of every session."""

    session_id: str
    limits: Limits
    members: list[MemberDescription]
    vote_profiles: list[str]
    labels: list[str]
    retention: str
    preferences: Preferences


class SessionUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="session.updated"):
    """The answer to `session.update`: the preferences now in force."""

    preferences: Preferences


class Result(msgspec.Struct, frozen=True, tag_field="type", tag="result"):
    """A frame's faces; `width` and `height` are the picture's as displayed."""

    frame_id: int
    capture_us: int
    width: int
    height: int
    faces: list[Face]
    members: Members
    timing_ms: Timing


class Dropped(msgspec.Struct, frozen=True, tag_field="type", tag="dropped"):
    """A sound frame that was not looked at. `reason` is a DropReason, or one that came after this was written."""

    frame_id: int
    capture_us: int
    reason: str


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """Something was wrong: with the frame named, or with a message when none is. `fatal` precedes a close."""

    frame_id: int | None
    code: str
    message: str
    fatal: bool


class ServerDraining(msgspec.Struct, frozen=True, tag_field="type", tag="server.draining"):
    """The server is about to stop: connect again, elsewhere or a little later."""

    reconnect_after_ms: int


class SessionTotals(msgspec.Struct, frozen=True):
    """How the frames of a session were answered."""

    frames: int
    results: int
    dropped: dict[str, int]
    errors: int


class SessionClosed(msgspec.Struct, frozen=True, tag_field="type", tag="session.closed"):
    """The last message before a close by the server."""

    reason: str
    totals: SessionTotals


ServerMessage = SessionCreated | SessionUpdated | Result | Dropped | Error | ServerDraining | SessionClosed


class SessionUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="session.update"):
    """A client's wish, at any time; what is absent stays as it is."""

    vote_profile: str | None = None
    smoothing: Annotated[float, msgspec.Meta(ge=0, le=0.99)] | None = None
    max_faces: Annotated[int, msgspec.Meta(ge=1, le=32)] | None = None
    min_face_size: Annotated[int, msgspec.Meta(ge=8, le=2000)] | None = None
    votes: bool | None = None
    votes_fps: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None


ClientMessage = SessionUpdate
