"""A detected face -> the crop that the members read, laid out as FER2013 lays out its faces.

The constants say where FER2013's training pictures have a face's points, in crop pixels with (0, 0) at the
corner of the first pixel (its middle is at 0.5, 0.5). They are the medians printed by

    python -m training.fit_crop_geometry --data /work/shared/data/fer2013

on 2026-11-22 over 2,000 pictures (landmarks found in 1,931; Haar's box in 430 of 600).

With landmarks the crop is turned, scaled and moved by the similarity that brings eyes, nose and mouth nearest
to their places. Without, the box is brought to where the Haar cascade finds it on FER2013's faces, unrotated.
"""

from typing import Final

import cv2
import numpy as np

from contracts.geometry import CROP_SIZE, BoundingBox, Landmarks
from contracts.work import DetectedFace
from detector_worker.decoding import BgrImage, GrayCrop
from detector_worker.similarity import Points, Similarity, draw, fit_similarity, seen_part

LEFT_EYE_AT: Final = complex(15.21, 18.85)
RIGHT_EYE_AT: Final = complex(33.13, 18.82)
NOSE_AT: Final = complex(24.35, 28.87)
MOUTH_AT: Final = complex(24.38, 37.41)

HAAR_CENTRE_AT: Final = complex(24.00, 23.90)
HAAR_SIDE: Final = 46.80

PLACES: Final = np.array([LEFT_EYE_AT, RIGHT_EYE_AT, NOSE_AT, MOUTH_AT])
WEIGHTS: Final = np.array([1.0, 1.0, 0.5, 1.0])
"""The nose counts half: it leads when a head turns aside."""

OVERSAMPLING: Final = 3
"""Against patterns in turned faces; costs no more than 2, whose averaging OpenCV does slower."""


def cut_crop(bgr_image: BgrImage, face: DetectedFace) -> GrayCrop:
    """The face's aligned crop, uint8 [CROP_SIZE, CROP_SIZE]; what lies outside the image repeats its edge."""
    part, to_crop = seen_part(bgr_image, similarity_of(face), CROP_SIZE)
    gray_part = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return draw(gray_part, to_crop, CROP_SIZE, OVERSAMPLING)


def similarity_of(face: DetectedFace) -> Similarity:
    """The map from the image's pixels to the crop's."""
    fitted = face.landmarks and fit_similarity(points_of(face.landmarks), PLACES, WEIGHTS)
    return fitted or similarity_of_box(face.box)


def crop_to_image(face: DetectedFace) -> list[float]:
    """The way back from the crop's pixels to the image's, as contracts.protocol.Explanation tells it."""
    back = similarity_of(face).inverse()
    return [back.turn.real, back.turn.imag, -back.turn.imag, back.turn.real, back.shift.real, back.shift.imag]


def similarity_of_box(box: BoundingBox) -> Similarity:
    """Unrotated, from the box alone."""
    centre = complex(box.x + box.width / 2, box.y + box.height / 2)
    scale = HAAR_SIDE / max(box.width, box.height, 1.0)
    return Similarity(complex(scale), HAAR_CENTRE_AT - scale * centre)


def points_of(landmarks: Landmarks) -> Points:
    """Eyes, nose and mouth, in the order of PLACES."""
    named = (landmarks.left_eye, landmarks.right_eye, landmarks.nose, landmarks.mouth)
    return np.array([complex(point.x, point.y) for point in named])
