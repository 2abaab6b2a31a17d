"""Every queue, task, key and channel in Redis, in one place."""

from typing import Final

DETECT_FACES: Final = "detect_faces"
"""Task and queue: the doorbell; frames wait in WAITING_FRAMES, their pictures under keys of their own."""

CLASSIFY_FACES: Final = "classify_faces"
"""Task and queue: the doorbell; crops wait in WAITING_CROPS."""

CHECK_DETECTOR: Final = "check_detector"
CHECK_ENSEMBLE: Final = "check_ensemble"
"""Tasks on the two queues above: prove that somebody consumes."""

WAITING_FRAMES: Final = "thespis:frames"
"""List of msgpack DetectFaces, oldest first."""

WAITING_CROPS: Final = "thespis:crops"
"""List of msgpack ClassifyFaces, oldest first."""


def picture_key(ticket: str) -> str:
    """Holds an encoded picture for no longer than its time to live."""
    return f"thespis:picture:{ticket}"


def reply_channel(gateway_id: str) -> str:
    """Publish/subscribe channel of msgpack Reply, one a gateway."""
    return f"thespis:replies:{gateway_id}"
