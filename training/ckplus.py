"""CK+ (Lucey et al. 2010): folders of 48×48 pictures by class, or the original layout.

The original is `cohn-kanade-images/S005/001/S005_001_00000011.png` and
`Emotion/S005/001/S005_001_00000011_emotion.txt`, which holds one code. A sequence goes from a neutral face to the
peak that the code names: its last frame is taken, one a sequence, so that pictures are independent of one another.
These frames are whole photographs, of which the middle square is taken as the face: crop them for fair figures.
"""

from pathlib import Path

from training.fer2013 import LABELS, DatasetError, Split
from training.picture_files import Gathered, gather_class_folders

NEUTRAL = LABELS.index("neutral")
CODES = {1: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5}  # CK+'s emotion codes
CONTEMPT, CONTEMPT_CODE = "contempt", 2
NEEDED = sorted(CODES.values())
PLACES = ("{}", "*/{}")  # where the original's two folders may stand


def load(directory: Path) -> tuple[Split, list[str], list[str]]:
    """The pictures, the files that were skipped, and what must be said of the figures. Raises DatasetError."""
    images, emotions = (_find(directory, name) for name in ("cohn-kanade-images", "Emotion"))
    if images and emotions:
        return _load_original(images, emotions)
    if images or emotions:
        raise DatasetError(f"{directory} needs both cohn-kanade-images and Emotion; it has {images or emotions} only")
    gathered, _ = gather_class_folders(directory, left_out=(CONTEMPT,))
    contempt = sum(1 for _ in directory.glob(f"[cC]{CONTEMPT[1:]}/*"))
    return gathered.split("all", NEEDED), gathered.skipped, _notes(gathered, f"{contempt} pictures")


def _load_original(images: Path, emotions: Path) -> tuple[Split, list[str], list[str]]:
    gathered, contempt = Gathered(images), 0
    for path in sorted(emotions.glob("*/*/*.txt")):
        code = _code(path)
        sequence = images / path.parent.relative_to(emotions)
        frames = sorted(sequence.glob("S*.png"))
        if code == CONTEMPT_CODE:
            contempt += 1
        elif code not in CODES:
            gathered.skip(path, f"not one of CK+'s codes {', '.join(map(str, CODES))}")
        elif not frames:
            gathered.skip(path, f"no frames in {sequence}")
        else:
            gathered.add_file(frames[-1], CODES[code])
    notes = _notes(gathered, f"{contempt} sequences")
    notes.append("CK+: the last frame of each sequence, its middle square taken as the face")
    return gathered.split("all", NEEDED), gathered.skipped, notes


def _notes(gathered: Gathered, contempt: str) -> list[str]:
    notes = [f"CK+: contempt is left out ({contempt})"]
    if NEUTRAL not in gathered.labels:
        notes.append("CK+: it has no neutral class; an answer of neutral counts as wrong")
    return notes


def _code(path: Path) -> int | None:
    """The code in a file that holds `   3.0000000e+00`."""
    try:
        return int(float(path.read_text()))
    except (OSError, ValueError, OverflowError):
        return None


def _find(directory: Path, name: str) -> Path | None:
    return next((path for place in PLACES for path in sorted(directory.glob(place.format(name)))), None)
