"""The annotated video: only its stretch is read, and the boxes are where the faces are."""

import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from contracts.jobs import VideoFacts
from contracts.labels import LABELS
from jobs import sandbox
from jobs.annotate import BGR, annotate
from jobs.plan import Plan
from jobs.sandbox import Overrun, Send, SentProgress, annotate_apart
from jobs.video import BadVideo, opened_video, upright
from tests.video_clips import Image, numbered, write_clip

FACTS = VideoFacts("mp4", "h264", 320, 240, 25.0, 10.0)
BOX = {"x": 80.0, "y": 60.0, "width": 120.0, "height": 90.0}


def write_rows(path: Path, frames: int, label: str = LABELS[0]) -> Path:
    """A face at BOX in each sampled frame."""
    smoothed = {name: float(name == label) for name in LABELS}
    rows = [{"frame": n, "face_id": 1, "box": BOX, "top": label, "smoothed": smoothed} for n in range(frames)]
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path


def gray(count: int, width: int = 320, height: int = 240) -> list[Image]:
    return [np.full((height, width, 3), 128, np.uint8)] * count


def shown(path: Path, container: str) -> list[tuple[float, Image]]:
    return [(time_s, upright(frame)) for time_s, frame in opened_video(path, container)]


def test_a_late_stretch_is_read_from_the_key_frame_before_it_and_each_frame_is_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(250, 320, 240))  # a key frame each second
    told: list[int] = []
    rows = write_rows(tmp_path / "rows", 0)
    annotate(clip, FACTS, Plan(8.8, 5.0, 6), rows, tmp_path / "out.webm", lambda: told.append(1))
    assert len(shown(tmp_path / "out.webm", "matroska")) == 30
    assert len(told) == 50


def test_a_stretch_of_which_nothing_can_be_drawn_is_told(tmp_path: Path) -> None:
    """The job's rows are kept, then."""
    clip = write_clip(tmp_path / "clip.mp4", gray(25))
    with pytest.raises(BadVideo, match="no frame of the stretch"):
        annotate(clip, FACTS, Plan(5.0, 5.0, 1), write_rows(tmp_path / "rows", 0), tmp_path / "o.webm", lambda: None)


def test_the_frame_that_a_stretch_begins_with_is_drawn_though_its_time_was_rounded_up(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", gray(25))  # the last one at 0.96 s
    plan, rows = Plan(0.9603, 5.0, 1), write_rows(tmp_path / "rows", 1)
    assert plan.tick_at(0.96) == 0
    annotate(clip, FACTS, plan, rows, tmp_path / "out.webm", lambda: None)
    assert len(shown(tmp_path / "out.webm", "matroska")) == 1


def test_a_faces_box_is_drawn_on_its_edge_and_the_rest_of_the_frame_stays(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", gray(25))
    rows = write_rows(tmp_path / "rows", 5)
    annotate(clip, FACTS, Plan(0.0, 5.0, 5), rows, tmp_path / "out.webm", lambda: None)
    before, after = shown(clip, "mp4"), shown(tmp_path / "out.webm", "matroska")
    assert [time_s for time_s, _ in after] == pytest.approx([time_s for time_s, _ in before], abs=0.001)
    for (_, plain), (_, annotated) in zip(before, after, strict=True):
        change = np.abs(annotated.astype(int) - plain).max(axis=2)
        colour = annotated[80:130, 80:82].mean(axis=(0, 1))  # the left edge, two pixels wide
        assert change[80:130, 80:82].min() > 40
        assert np.abs(colour - BGR[0]).max() < 60
        assert change[:40].max() < 20
        assert change[80:130, 100:180].max() < 20


@pytest.mark.parametrize(("seconds", "ends"), [(1, True), (1000, False)])
def test_annotating_may_compute_in_proportion_to_the_videos_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, ends: bool
) -> None:
    monkeypatch.setattr(sandbox, "CPU_S", 1)
    monkeypatch.setattr(sandbox, "CPU_S_PER_ANNOTATED_FRAME", 0.001)
    monkeypatch.setattr(sandbox, "_annotate", compute_for_two_seconds)
    plan = Plan(0.0, 5.0, 5 * seconds)

    def run() -> None:
        annotate_apart(tmp_path, FACTS, plan, tmp_path, tmp_path, lambda: None)

    if ends:
        with pytest.raises(Overrun, match="longer"):
            run()
    else:
        run()


def compute_for_two_seconds(send: Send, *_: object) -> None:
    while time.process_time() < 2.5:
        pass
    send(SentProgress())


def test_annotated_frames_are_chosen_by_their_times_whatever_rate_is_claimed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", gray(50, 64, 48), 25.0)
    claimed = msgspec.structs.replace(FACTS, fps=1000.0)
    annotate(clip, claimed, Plan(0.0, 5.0, 10), write_rows(tmp_path / "rows", 0), tmp_path / "out.webm", lambda: None)
    assert len(shown(tmp_path / "out.webm", "matroska")) == 50
