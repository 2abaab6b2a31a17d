"""The clips that jobs are measured on: bench/frames.py's moving face, as an mp4."""

from pathlib import Path

import cv2
import numpy as np

from bench.frames import moving_frames
from thespis.sample_face import HEIGHT, WIDTH

CLIP_FPS = 25.0


def write_clip(path: Path, seconds: float, fps: float = CLIP_FPS) -> None:
    """The frames in a loop, as MPEG-4 (what OpenCV's wheel can write into an mp4)."""
    images = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for jpeg in moving_frames()]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (WIDTH, HEIGHT))
    try:
        for step in range(round(seconds * fps)):
            image = images[step % len(images)]
            assert image is not None
            writer.write(image)
    finally:
        writer.release()


def description(path: Path, seconds: float) -> dict[str, object]:
    return {
        "width": WIDTH, "height": HEIGHT, "fps": CLIP_FPS, "seconds": seconds, "format": "mp4 (MPEG-4)",
        "bytes": path.stat().st_size, "faces": 1,
    }  # fmt: skip
