"""A job to try things with."""

from typing import Any

from contracts.jobs import JobOptions, JobProgress, JobView, VideoFacts


def job_view(**changes: Any) -> JobView:
    fields: dict[str, Any] = {
        "id": "0123456789abcdef", "state": "queued", "label": "", "file_name": "clip.mp4", "options": JobOptions(),
        "progress": JobProgress(0, None, 0.0, None), "attempts": 1, "errors": [], "message": "", "video": None,
        "members": {}, "created_s": 1000.0, "started_s": None, "ended_s": None, "expires_s": None,
    }  # fmt: skip
    return JobView(**{**fields, **changes})


CLIP = VideoFacts("mp4", "h264", 640, 480, 25.0, 62.0)
