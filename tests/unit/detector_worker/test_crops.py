"""Crops lie as FER2013's do: the landmarks found again on them stand where the constants say."""

import cv2
import numpy as np
import pytest

from contracts.geometry import BoundingBox, Landmarks, Point
from contracts.work import DetectedFace
from detector_worker.crops import HAAR_CENTRE_AT, HAAR_SIDE, PLACES, cut_crop, points_of, similarity_of
from detector_worker.detectors import find_faces, make_detector

MEDIAN_ERROR = 2.0
ENLARGEMENT = 5
BORDER = 60


@pytest.fixture(scope="module", params=["blazeface", "blazeface_full"])
def detector(request):
    return make_detector(request.param)


def crops_of(detector, image, min_face_size=8):
    return [cut_crop(image, face) for face in find_faces(detector, image, 20, min_face_size)]


def errors_of(crop):
    """Distances in crop pixels of eyes, nose and mouth, found again on the crop, from their places."""
    side = len(crop) * ENLARGEMENT
    enlarged = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(enlarged, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
    found = make_detector("blazeface").detect(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR))
    if not found:
        return None
    largest = max(found, key=lambda face: face.box.area)
    return np.abs((points_of(largest.landmarks) - complex(BORDER, BORDER)) / ENLARGEMENT - PLACES)


def turned(image, degrees):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((222, 120), degrees, 1)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def test_landmarks_found_again_on_the_crop_of_one_face_lie_where_fer2013_has_them(detector, astronaut):
    (crop,) = crops_of(detector, astronaut)
    assert np.median(errors_of(crop)) < MEDIAN_ERROR


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_tilted_head_stands_upright_in_its_crop(detector, astronaut, degrees):
    (crop,) = crops_of(detector, turned(astronaut, degrees))
    assert np.median(errors_of(crop)) < MEDIAN_ERROR


@pytest.mark.parametrize("side", [256, 384, 768])
def test_the_size_of_the_picture_does_not_move_the_face_in_its_crop(detector, astronaut, side):
    (crop,) = crops_of(detector, cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA))
    assert np.median(errors_of(crop)) < MEDIAN_ERROR


def test_landmarks_found_again_on_the_crops_of_groups_lie_where_fer2013_has_them(detector, group_images):
    found_again = [errors_of(crop) for image in group_images for crop in crops_of(detector, image)]
    errors = np.array([errors for errors in found_again if errors is not None])
    assert len(errors) >= 0.9 * len(found_again)
    assert np.median(errors) < MEDIAN_ERROR


@pytest.mark.parametrize("cut", [np.s_[:, 195:], np.s_[:, :250], np.s_[75:, :], np.s_[:160, :]])
def test_a_face_at_the_edge_of_the_picture_has_a_crop(detector, astronaut, cut):
    image = np.ascontiguousarray(astronaut[cut])
    crops = crops_of(detector, image)
    assert all(crop.shape == (48, 48) and crop.dtype == np.uint8 for crop in crops)
    assert crops


def test_fine_noise_of_a_large_picture_does_not_come_through(astronaut):
    """Shrinking averages: checks of single pixels, ±60, are gone from the crop."""
    face = find_faces(make_detector("blazeface"), astronaut, 1, 8)[0]
    pale = astronaut // 2 + 64
    large = cv2.resize(pale, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    checks = np.indices(large.shape[:2]).sum(axis=0) % 2 * 120 - 60
    checkered = (large + checks[..., None]).astype(np.uint8)
    crop = cut_crop(checkered, enlarged_face(face, 4))
    assert np.abs(crop.astype(int) - cut_crop(pale, face)).mean() < 3


def enlarged_face(face, factor):
    box, landmarks = face.box, face.landmarks
    points = [getattr(landmarks, name) for name in landmarks.__struct_fields__]
    return DetectedFace(
        BoundingBox(box.x * factor, box.y * factor, box.width * factor, box.height * factor),
        face.score,
        Landmarks(*(Point(point.x * factor, point.y * factor) for point in points)),
    )


def test_a_box_without_landmarks_is_brought_to_its_place_unrotated():
    similarity = similarity_of(DetectedFace(BoundingBox(100, 50, 200, 200), 1.0, None))
    assert similarity(200 + 150j) == pytest.approx(HAAR_CENTRE_AT)
    assert similarity.turn == pytest.approx(HAAR_SIDE / 200)


def test_landmarks_in_one_heap_are_passed_over_for_the_box():
    heap = Landmarks(*[Point(7, 7)] * 6)
    box = BoundingBox(100, 50, 200, 200)
    assert similarity_of(DetectedFace(box, 1.0, heap)) == similarity_of(DetectedFace(box, 1.0, None))


def test_a_crop_has_the_luma_of_its_colours():
    blue = np.zeros((60, 60, 3), np.uint8)
    blue[..., 0] = 255
    crop = cut_crop(blue, DetectedFace(BoundingBox(5, 5, 50, 50), 1.0, None))
    assert (crop == 29).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("landmarks", [None, Landmarks(*(Point(9e4 * x, -9e4 * x * x) for x in range(6)))])
def test_a_crop_can_be_cut_from_any_picture_wherever_the_face_is_said_to_be(shape, landmarks):
    image = np.full((*shape, 3), 200, np.uint8)
    crop = cut_crop(image, DetectedFace(BoundingBox(0, 0, 1, 1), 1.0, landmarks))
    assert crop.shape == (48, 48)
    assert (crop == 200).all()
