"""OpenCV's frontal Haar cascade, as the original project ran it: full frame, scale 1.1, 7 neighbours."""

from pathlib import Path
from typing import Final

import cv2

from contracts.geometry import BoundingBox
from contracts.work import DetectedFace
from detector_worker.decoding import BgrImage

CASCADE: Final = "haarcascade_frontalface_default.xml"
SCALE_STEP: Final = 1.1
MIN_NEIGHBOURS: Final = 7
SCORE: Final = 1.0
"""The cascade says yes or no; it has no confidence to report."""


class Haar:
    """One cascade; it knows boxes only, no landmarks. One object a thread."""

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / CASCADE))

    def detect(self, bgr_image: BgrImage) -> list[DetectedFace]:
        """Faces of uint8 [height, width, 3] in the cascade's own order."""
        gray_image = cv2.cvtColor(bgr_image, cv2.COLOR_BGR2GRAY)
        boxes = self._cascade.detectMultiScale(gray_image, SCALE_STEP, MIN_NEIGHBOURS)
        return [DetectedFace(BoundingBox(*map(float, box)), SCORE, None) for box in boxes]

    def refine(self, bgr_image: BgrImage, faces: list[DetectedFace]) -> list[DetectedFace]:
        """The same faces: a cascade has nothing to look at again."""
        return faces
