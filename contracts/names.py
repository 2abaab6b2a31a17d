"""Every queue, task, key and channel in Redis, in one place."""

from typing import Final

DETECT_FACES: Final = "detect_faces"
"""Task and queue: the doorbell for live frames, which wait in WAITING_FRAMES."""

DETECT_IN_PICTURE: Final = "detect_in_picture"
"""Task and queue: the doorbell for single pictures, which wait in WAITING_PICTURES: they take longer than a frame."""

CLASSIFY_FACES: Final = "classify_faces"
"""Task and queue: the doorbell for detected faces, which wait in WAITING_FACES."""

EXPLAIN_FACES: Final = "explain_faces"
"""Task and queue: the doorbell for faces whose vote shall be explained, which wait in WAITING_EXPLANATIONS."""

CHECK_DETECTOR: Final = "check_detector"
CHECK_ENSEMBLE: Final = "check_ensemble"
"""Tasks on the queues of live frames and of crops: prove that somebody consumes."""

WAITING_FRAMES: Final = "thespis:frames"
WAITING_PICTURES: Final = "thespis:pictures"
"""Lists of msgpack DetectFaces, oldest first."""

WAITING_FACES: Final = "thespis:faces"
WAITING_EXPLANATIONS: Final = "thespis:explanations"
"""Lists of msgpack ClassifyFaces, oldest first."""


def picture_key(correlation_id: str) -> str:
    """Holds an encoded picture for no longer than its time to live."""
    return f"thespis:picture:{correlation_id}"


def crops_key(correlation_id: str) -> str:
    """Holds the crops of a picture's faces, uint8 gray, one after the other, for as long."""
    return f"thespis:crops:{correlation_id}"


def reply_channel(gateway_id: str) -> str:
    """Publish/subscribe channel of msgpack Reply, one a gateway."""
    return f"thespis:replies:{gateway_id}"
