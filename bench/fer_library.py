"""Run by another Python, one that has PyPI's `fer`: python fer_library.py CLIP FPS SECONDS.

Its defaults: OpenCV's Haar cascade and its own network. Without arguments it only says whether `fer` works: it comes up
with whatever OpenCV and TensorFlow are there. It imports nothing of ours.
"""

import json
import sys
import time

import cv2

try:
    from fer.fer import FER
except ImportError:  # before 25
    from fer import FER


def main(clip: str, fps: float, seconds: float) -> None:
    detector = FER()
    video = cv2.VideoCapture(clip)
    step = max(1, round(video.get(cv2.CAP_PROP_FPS) / fps))
    frames = faces = index = 0
    started = None
    while started is None or time.perf_counter() - started < seconds:
        there, bgr_image = video.read()
        if not there:
            break
        if index % step == 0:
            found = detector.detect_emotions(bgr_image)
            if started is None:  # the first one loads the network
                started = time.perf_counter()
            else:
                frames, faces = frames + 1, faces + len(found)
        index += 1
    taken_s = time.perf_counter() - (started or 0)
    print(json.dumps({"frames": frames, "faces": faces, "frames_per_s": round(frames / taken_s, 2)}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
    else:
        FER()
