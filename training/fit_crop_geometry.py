"""Find where FER2013 puts a face's points, for the constants of `detector_worker/crops.py`.

    python -m training.fit_crop_geometry --data /work/shared/data/fer2013

enlarges training pictures (those that stand in no test split), surrounds them by their repeated edge, runs
the services' own detectors over them and prints the medians in crop pixels. Landmarks come from BlazeFace's
second look, as the crops' do. The second look goes by the constants itself, so run it again after changing
them until they stand still. Needs only what the services need.
"""

from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.geometry import CROP_SIZE
from contracts.work import DetectedFace
from detector_worker.crops import PLACES, points_of
from detector_worker.detectors import find_faces, make_detector
from detector_worker.settings import DetectorName
from training import fer2013
from training.command_help import DATA_HELP, help_of

ENLARGEMENT = 5
BORDER = 0.25  # of the enlarged picture's side, added on each of its sides
POINT_NAMES = ("LEFT_EYE_AT", "RIGHT_EYE_AT", "NOSE_AT", "MOUTH_AT")
Find = Callable[[NDArray[np.uint8]], list[DetectedFace]]


@click.command(help=help_of(__doc__))
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help=DATA_HELP)
@click.option("--pictures", default=2000, show_default=True, help="how many, chosen at random")
@click.option("--haar-pictures", default=600, show_default=True, help="the cascade is slow; 0 leaves it out")
@click.option("--seed", default=0, show_default=True)
def main(data: Path, pictures: int, haar_pictures: int, seed: int) -> None:
    training_pictures = fer2013.load(data).train.pictures
    chosen = np.random.default_rng(seed).permutation(training_pictures)[:pictures]
    print_landmarks(*landmarks_in(chosen))
    if haar_pictures:
        print_boxes(*haar_boxes_in(chosen[:haar_pictures]))


def landmarks_in(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.complex128], int]:
    """Points complex [found, 4] in crop pixels, of uint8 pictures [n, 48, 48]; and n."""
    found = [face for face in largest_faces("blazeface", pictures) if face.landmarks is not None]
    return np.array([to_crop(points_of(face.landmarks)) for face in found if face.landmarks]), len(pictures)


def haar_boxes_in(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.complex128], NDArray[np.float64], int]:
    """Centres complex [found] and sides [found] in crop pixels, of uint8 pictures [n, 48, 48]; and n."""
    boxes = [face.box for face in largest_faces("haar", pictures)]
    centres = np.array([complex(box.x + box.width / 2, box.y + box.height / 2) for box in boxes])
    return to_crop(centres), np.array([box.width / ENLARGEMENT for box in boxes]), len(pictures)


def largest_faces(detector_name: DetectorName, pictures: NDArray[np.uint8]) -> list[DetectedFace]:
    """The largest face of each picture that has one."""
    detector = make_detector(detector_name)
    found = [find_faces(detector, as_photograph(picture), 1, 24) for picture in pictures]
    return [face for faces in found for face in faces]


def as_photograph(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 picture [48, 48] -> enlarged, with room around the head, uint8 [side, side, 3]."""
    side = picture.shape[0] * ENLARGEMENT
    enlarged = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    border = round(side * BORDER)
    framed = cv2.copyMakeBorder(enlarged, border, border, border, border, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)


def to_crop(points: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Points of `as_photograph` in the pixels of the picture it was made of."""
    border = round(CROP_SIZE * ENLARGEMENT * BORDER)
    return (points - complex(border, border)) / ENLARGEMENT


def median_of(points: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Medians of x and of y over the first axis."""
    return np.asarray(np.median(points.real, axis=0) + 1j * np.median(points.imag, axis=0))


def print_landmarks(points: NDArray[np.complex128], of: int) -> None:
    medians = median_of(points)
    print(f"# landmarks found in {len(points)} of {of} pictures; median distance to these places "
          f"{np.median(np.abs(points - medians)):.2f}, change from the constants in force "
          f"{np.abs(medians - PLACES).max():.2f}")  # fmt: skip
    for name, median in zip(POINT_NAMES, medians, strict=True):
        print(f"{name}: Final = complex({median.real:.2f}, {median.imag:.2f})")


def print_boxes(centres: NDArray[np.complex128], sides: NDArray[np.float64], of: int) -> None:
    centre = median_of(centres)
    print(f"# Haar box found in {len(sides)} of {of} pictures")
    print(f"HAAR_CENTRE_AT: Final = complex({centre.real:.2f}, {centre.imag:.2f})")
    print(f"HAAR_SIDE: Final = {np.median(sides):.2f}")


if __name__ == "__main__":
    main()
