"""What lies in a folder that a running platform works in."""

import os
from pathlib import Path


def paths_under(folder: Path) -> list[Path]:
    """All files and folders within, also while some of them are removed: Path.rglob raises FileNotFoundError then."""
    return [Path(where, name) for where, folders, files in os.walk(folder) for name in (*folders, *files)]
