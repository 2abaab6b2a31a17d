"""What the jobs API says: a job's options, how it stands, and the rows of its results; docs/jobs.md tells them."""

from typing import Annotated, Final, Literal

import msgspec

from contracts.geometry import BoundingBox
from contracts.protocol import Probabilities

JobState = Literal[
    "queued", "running", "cancelling", "succeeded", "partially_succeeded", "failed", "cancelled", "expired"
]

WITH_RESULTS: Final = frozenset({"succeeded", "partially_succeeded"})
FINAL_STATES: Final = WITH_RESULTS | {"failed", "cancelled", "expired"}


class JobOptions(msgspec.Struct, frozen=True):
    """What a client may wish for a job, and what its record says that it wished for: an option that came with a later
    version is passed over there; where a client sends it, it is refused (gateway/job_options.py). `members` empty means
    those that have a weight in the vote, with `votes` all; times are seconds of the video.
    """

    fps: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    start_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    end_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    max_faces: Annotated[int, msgspec.Meta(ge=1, le=32)] = 8
    min_face_size: Annotated[int, msgspec.Meta(ge=8, le=2000)] = 24
    vote_profile: str = "default"
    members: list[str] = []
    smoothing: Annotated[float, msgspec.Meta(ge=0, le=0.99)] = 0.6
    votes: bool = False
    annotated: bool = False
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    webhook_url: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class VideoFacts(msgspec.Struct, frozen=True):
    """What a video is: its container, codec, size as displayed, frames a second and length. Where `constant_fps`, all
    frames fall on the beat of that rate; else it is an average, or what the file claims.
    """

    container: str
    codec: str
    width: int
    height: int
    fps: float
    duration_s: float
    constant_fps: bool = False

    def sampled_fps(self, wished: float) -> float:
        """How many moments a second are looked at: no more than there are frames, where that can be told."""
        return min(wished, self.fps) if self.constant_fps else wished


class JobProgress(msgspec.Struct, frozen=True):
    """How far a job is. `frames_total` is known once the video was looked at; `eta_s` once something was done."""

    frames_done: int
    frames_total: int | None
    video_seconds_done: float
    eta_s: float | None


class SegmentError(msgspec.Struct, frozen=True):
    """A stretch of the video that is missing from the results, or some of it, and why; `segment` is its first."""

    segment: int
    start_s: float
    end_s: float
    message: str


class JobView(msgspec.Struct, frozen=True):
    """A job as the API shows it; times are Unix seconds."""

    id: str
    state: JobState
    label: str
    file_name: str
    options: JobOptions
    progress: JobProgress
    attempts: int
    errors: list[SegmentError]
    message: str
    video: VideoFacts | None
    members: dict[str, int]
    created_s: float
    started_s: float | None
    ended_s: float | None
    expires_s: float | None


class JobList(msgspec.Struct, frozen=True):
    """One page of jobs, the newest first, and maybe none; `next` is the cursor of the page that follows, if any."""

    jobs: list[JobView]
    next: str | None


class JobGone(msgspec.Struct, frozen=True):
    """The event `gone`: this job was deleted."""

    id: str


class ResultRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One face on one sampled frame."""

    time_s: float
    frame: int
    face_id: int
    box: BoundingBox
    score: float
    probabilities: Probabilities
    smoothed: Probabilities
    top: str
    agreement: float
    uncertain: bool
    votes: dict[str, Probabilities] | None = None


class ResultPage(msgspec.Struct, frozen=True):
    """Some rows in the order of time; `next` is the cursor of the page that follows."""

    rows: list[ResultRow]
    next: str | None


class Peak(msgspec.Struct, frozen=True):
    """When a label was at its highest, by the smoothed probabilities."""

    time_s: float
    probability: float


class FaceSummary(msgspec.Struct, frozen=True):
    """One face over the whole video. `share_of_time` counts each sampled frame's top label; shares sum to 1."""

    face_id: int
    first_s: float
    last_s: float
    seconds_on_screen: float
    frames: int
    mean_probabilities: dict[str, float]
    share_of_time: dict[str, float]
    peaks: dict[str, Peak]


class JobSummary(msgspec.Struct, frozen=True):
    """All faces, the longest on screen first. `frames_without_member`: how many frames a member did not vote on."""

    frames: int
    frames_with_faces: int
    faces: list[FaceSummary]
    unreadable_frames: int
    frames_without_member: dict[str, int] = {}
