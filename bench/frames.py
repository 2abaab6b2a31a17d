"""The frames that every measurement uses: one face, moving a little, as a webcam would send it."""

import cv2
import numpy as np

from thespis.sample_face import HEIGHT, WIDTH, face_jpeg

COUNT = 50
QUALITY = 85


def moving_frames() -> list[bytes]:
    """COUNT JPEGs of 640×480: the sample face, panned and zoomed in a loop."""
    still = cv2.imdecode(np.frombuffer(face_jpeg(), np.uint8), cv2.IMREAD_COLOR)
    frames = []
    assert still is not None
    for step in range(COUNT):
        angle = 2 * np.pi * step / COUNT
        zoom = 1 + 0.05 * np.sin(angle)
        shift = (20 * np.cos(angle), 10 * np.sin(angle))
        matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]], np.float64)
        moved = cv2.warpAffine(still, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        _, jpeg = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        frames.append(jpeg.tobytes())
    return frames


def description(frames: list[bytes]) -> dict[str, object]:
    mean_bytes = round(sum(map(len, frames)) / len(frames))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "format": "jpeg",
        "quality": QUALITY,
        "bytes": mean_bytes,
        "faces": 1,
    }
