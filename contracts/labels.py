"""The seven labels, always in FER2013's own order; every member's output has it."""

from typing import Final

LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
