"""A mistake of ours on one frame: its sender hears of it, and the log says which frame it was."""

from unittest import mock

import structlog

from contracts.work import DetectFaces, FrameFailed, Trail
from detector_worker.worker import Outcome, look_at


def test_a_detector_that_falls_names_session_and_frame_in_the_log(jpeg: bytes) -> None:
    detector = mock.Mock()
    detector.detect.side_effect = RuntimeError("the network fell")
    command = DetectFaces(
        "an id", "channel", "key", 0.0, 8, 24, "default", votes=False, trail=Trail("a session", 7)
    )  # fmt: skip
    outcome = Outcome()
    with structlog.testing.capture_logs() as logs:
        look_at(command, jpeg, detector, outcome)
    assert outcome.replies == [(command, FrameFailed("an id", "internal", "the detector failed"))]
    (line,) = logs
    assert (line["event"], line["session_id"], line["frame_id"]) == ("detection_failed", "a session", 7)
