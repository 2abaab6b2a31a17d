"""What a job found, a face at a time."""

import gc

from matplotlib.figure import Figure

from contracts.geometry import BoundingBox
from contracts.jobs import ResultRow
from contracts.labels import LABELS
from jobs.summary import Summariser
from jobs.timeline import Timeline


def row(frame: int, face_id: int, top: str, share: float = 0.7) -> ResultRow:
    probabilities = {label: share if label == top else (1 - share) / 6 for label in LABELS}
    return ResultRow(
        time_s=frame / 5, frame=frame, face_id=face_id, box=BoundingBox(0, 0, 50, 50), score=0.9,
        probabilities=probabilities, smoothed=probabilities, top=top, agreement=1.0, uncertain=False,
    )  # fmt: skip


def summed(*rows: ResultRow) -> Summariser:
    summariser = Summariser(0.2)
    for one in rows:
        summariser.add(one)
    return summariser


def test_each_face_has_its_times_means_shares_and_peaks() -> None:
    rows = [row(0, 1, "happy"), row(1, 1, "sad", 0.9), row(1, 2, "fear"), row(2, 1, "happy", 0.8), row(9, 1, "happy")]
    summary = summed(*rows).summary(frames=10, unreadable_frames=1, without_member={"vgg": 4})
    assert (summary.frames, summary.frames_with_faces, summary.unreadable_frames) == (10, 4, 1)
    first, second = summary.faces
    assert (first.face_id, first.first_s, first.last_s, first.frames) == (1, 0.0, 1.8, 4)
    assert first.seconds_on_screen == 0.8
    assert (first.share_of_time["happy"], first.share_of_time["sad"]) == (0.75, 0.25)
    assert (first.peaks["happy"].time_s, first.peaks["happy"].probability) == (0.4, 0.8)
    assert abs(sum(first.mean_probabilities.values()) - 1) < 1e-5
    assert (second.face_id, second.seconds_on_screen) == (2, 0.2)


def test_a_video_without_a_face_has_an_empty_summary_and_still_a_picture() -> None:
    summary = Summariser(0.2).summary(frames=50, unreadable_frames=0, without_member={})
    assert (summary.faces, summary.frames_with_faces) == ([], 0)
    assert Timeline(0.0, 10.0).png().startswith(b"\x89PNG")


def test_the_timeline_of_more_faces_than_it_shows_is_a_picture() -> None:
    timeline = Timeline(0.0, 10.0)
    for frame in range(50):
        for face_id in range(1, 12):
            timeline.add(row(frame, face_id, "happy"))
    assert timeline.png().startswith(b"\x89PNG")


def test_drawing_a_timeline_leaves_no_figure_in_memory() -> None:
    gc.disable()  # or Python might look by itself just now
    try:
        for _ in range(3):
            Timeline(0.0, 10.0).png()
        assert not [one for one in gc.get_objects() if isinstance(one, Figure)]
    finally:
        gc.enable()
