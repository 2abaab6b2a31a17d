"""Which moments are looked at, and by which task."""

import pytest

from contracts.jobs import JobOptions, VideoFacts
from jobs.plan import MAX_TICKS, TICKS_PER_SEGMENT, NothingToDo, Plan, plan_video


def video(duration_s: float, fps: float = 25.0, *, constant_fps: bool = False) -> VideoFacts:
    return VideoFacts("mp4", "h264", 640, 480, fps, duration_s, constant_fps)


@pytest.mark.parametrize(
    ("duration_s", "options", "ticks"),
    [
        (10.0, JobOptions(), 50),
        (10.0, JobOptions(fps=29.97), 300),
        (0.01, JobOptions(), 1),
        (10.1, JobOptions(), 51),
        (10.0, JobOptions(start_s=4.0), 30),
        (10.0, JobOptions(start_s=4.0, end_s=6.0), 10),
        (10.0, JobOptions(end_s=99.0), 50),
    ],
)
def test_a_plan_has_a_tick_for_each_moment_of_the_chosen_stretch(
    duration_s: float, options: JobOptions, ticks: int
) -> None:
    assert plan_video(video(duration_s), options) == Plan(options.start_s, options.fps, ticks)


@pytest.mark.parametrize("own_fps", [1.0, 2.0, 24000 / 1001])
def test_a_video_has_no_more_moments_than_frames(own_fps: float) -> None:
    plan = plan_video(video(12 / own_fps, own_fps, constant_fps=True), JobOptions(fps=25))
    assert plan == Plan(0.0, own_fps, 12)


def test_where_the_rate_varies_moments_are_as_close_as_asked_for() -> None:
    assert plan_video(video(12.0, 1.0), JobOptions()) == Plan(0.0, 5.0, 60)


@pytest.mark.parametrize("ticks", [1, TICKS_PER_SEGMENT - 1, TICKS_PER_SEGMENT, TICKS_PER_SEGMENT + 1, 1000])
def test_segments_cover_each_tick_exactly_once(ticks: int) -> None:
    plan = Plan(0.0, 5.0, ticks)
    covered = [tick for segment in range(plan.segments) for tick in plan.ticks_of(segment)]
    assert covered == list(range(ticks))


def test_frames_of_a_steady_rate_fall_each_in_a_tick_of_its_own() -> None:
    for fps in (5, 24000 / 1001, 25, 30000 / 1001, 60):
        plan = Plan(0.0, fps, 10_000)
        # WebM rounds times to milliseconds.
        assert [plan.tick_at(round(frame / fps, 3)) for frame in range(5000)] == list(range(5000))


def test_frames_of_an_unsteady_rate_fall_where_they_are_shown() -> None:
    plan = Plan(1.0, 2.0, 10)
    assert [plan.tick_at(time_s) for time_s in (0.2, 0.99, 1.0, 1.4, 1.5, 3.9)] == [-2, -1, 0, 0, 1, 5]


def test_a_segment_tells_from_when_to_when_it_goes() -> None:
    plan = Plan(2.0, 5.0, 30)
    assert (plan.span_of(0), plan.span_of(1)) == ((2.0, 7.0), (7.0, 8.0))


def test_a_stretch_behind_the_end_is_refused() -> None:
    with pytest.raises(NothingToDo, match="nothing lies between"):
        plan_video(video(10.0), JobOptions(start_s=10.0))


def test_more_ticks_than_anybody_can_want_are_refused() -> None:
    with pytest.raises(NothingToDo, match="lower fps"):
        plan_video(video((MAX_TICKS + 1) / 5.0), JobOptions())
