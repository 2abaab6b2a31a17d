"""What the commands say of a job."""

import pytest

from contracts.jobs import FaceSummary, JobProgress, SegmentError
from contracts.labels import LABELS
from tests.unit.thespis.job_views import CLIP, job_view
from thespis.job_words import duration, frames_of, job_lines, plain, top_shares


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (4.21, "4.2 s"), (42.4, "42 s"), (185, "3 min 5 s"), (3720, "1 h 2 min"), (604000, "7 days")],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_how_far_a_job_is_includes_what_is_left() -> None:
    assert frames_of(job_view()) == "not looked at yet"
    assert frames_of(job_view(progress=JobProgress(50, 300, 10.0, 12.3))) == "50 of 300 frames, about 12 s left"
    assert frames_of(job_view(progress=JobProgress(300, 300, 60.0, None))) == "300 of 300 frames"


def test_nothing_that_others_wrote_commands_the_terminal() -> None:
    assert plain("a\x1b[31mb\x07") == "a[31mb"
    assert plain("[bold]x[/bold]") == "\\[bold]x\\[/bold]"


def test_a_job_in_words_names_what_is_missing_and_how_long_it_is_kept() -> None:
    job = job_view(
        state="partially_succeeded", video=CLIP, progress=JobProgress(275, 300, 55.0, None), label="first try",
        errors=[SegmentError(2, 10.0, 15.0, "it brings the decoder down")], message="1 of 12 segments are missing",
        members={"baseline": 1, "residual": 2}, started_s=1001.0, ended_s=1008.5, expires_s=1000.0 + 7 * 86400,
    )  # fmt: skip
    said = "\n".join(job_lines(job, 1100.0))
    for words in (
        "clip.mp4", "first try", "partially_succeeded", "1 of 12 segments are missing", "1 min 40 s ago", "took 8.5 s",
        "640×480, 25 frames/s, 1 min 2 s long", "275 of 300 frames", "missing: 10 to 15 s, it brings the decoder down",
        "baseline 1, residual 2", "kept for another 7 days",
    ):  # fmt: skip
        assert words in said


def test_the_labels_shown_are_the_most_frequent_and_none_that_never_was() -> None:
    shares = {**dict.fromkeys(LABELS, 0.0), "happy": 0.7, "sad": 0.1, "neutral": 0.2}
    face = FaceSummary(1, 0.0, 2.0, 2.0, 10, dict.fromkeys(LABELS, 0.1), shares, {})
    assert top_shares(face) == [("happy", 0.7), ("neutral", 0.2), ("sad", 0.1)]
