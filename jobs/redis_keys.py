"""What jobs' keys in Redis are called; those of the stages are in jobs/stages.py."""

from typing import Final

ALL_JOBS: Final = "thespis:jobs"
UNFINISHED: Final = "thespis:jobs:unfinished"
JOB: Final = "thespis:job:"


def job_key(job_id: str) -> str:
    return JOB + job_id


def events_key(job_id: str) -> str:
    return f"thespis:job-events:{job_id}"


def upload_key(job_id: str) -> str:
    return f"thespis:jobs:upload:{job_id}"


def submission_key(owner: str, given: str) -> str:
    return f"thespis:jobs:key:{owner}:{given}"


def jobs_of(owner: str | None) -> str:
    """The list of one API key's jobs ('' where none was asked for), or of all."""
    return ALL_JOBS if owner is None else f"{ALL_JOBS}:of:{owner}"
