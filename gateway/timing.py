"""Where the time of one answer went."""

from contracts.protocol import Timing
from contracts.work import FrameAnswered


def timing_of(reply: FrameAnswered, total_ms: float) -> Timing:
    """The stages of one answer, in milliseconds to a hundredth; `queue` is what no stage accounts for."""
    work_ms = reply.decode_ms + reply.detect_ms + reply.ensemble_ms
    stages = (max(0.0, total_ms - work_ms), reply.decode_ms, reply.detect_ms, reply.ensemble_ms, total_ms)
    return Timing(*(round(stage, 2) for stage in stages))
