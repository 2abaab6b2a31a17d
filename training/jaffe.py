"""JAFFE (Lyons et al. 1998), whose files carry the label: `KA.AN1.39.tiff` is KA's first angry picture.

Its 256×256 pictures show head and shoulders; they are taken as they are, brought to 48×48.
"""

import re
from pathlib import Path

from training.fer2013 import DatasetError, Split
from training.picture_files import Gathered

CODES = {"AN": 0, "DI": 1, "FE": 2, "HA": 3, "SA": 4, "SU": 5, "NE": 6}
FILE_NAME = re.compile(rf"[A-Z]{{2}}[.-]({'|'.join(CODES)})\d*[.-].+", re.IGNORECASE)


def load(directory: Path) -> tuple[Split, list[str]]:
    """Every picture below `directory` with a label in its name, and the skipped files. Raises DatasetError."""
    if not directory.is_dir():
        raise DatasetError(f"{directory} is not a folder")
    gathered = Gathered(directory)
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        named = FILE_NAME.fullmatch(path.name)
        if named is None:
            gathered.skip(path, "its name carries no label (KA.AN1.39.tiff)")
        else:
            gathered.add_file(path, CODES[named[1].upper()])
    return gathered.split("all"), gathered.skipped
