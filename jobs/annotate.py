"""The video once more, with each face's box, top label and seven bars drawn in; VP9 in WebM, which browsers play.

Runs in a process of its own (jobs/sandbox.py), since it reads the stranger's file again.
"""

import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from contracts.jobs import VideoFacts
from contracts.labels import LABELS
from jobs.colours import COLOURS
from jobs.plan import FORGIVEN_S, Plan
from jobs.video import BadVideo, opened_video, upright

LONGEST_SIDE: Final = 1280
MOST_FPS: Final = 30.0
FONT: Final = PIL.ImageFont.load_default_imagefont()
BGR: Final = tuple((int(c[5:7], 16), int(c[3:5], 16), int(c[1:3], 16)) for c in COLOURS)

Image = npt.NDArray[np.uint8]
Row = dict[str, Any]


def annotate(
    upload: Path, facts: VideoFacts, plan: Plan, rows_path: Path, target: Path, goes_on: Callable[[], None]
) -> None:
    """Writes `target`, calling `goes_on` for each frame that is read, drawn or not. `rows_path`: the job's rows as
    NDJSON, in order of time. Raises BadVideo where no frame of the stretch can be drawn.
    """
    shortest_s = 1 / MOST_FPS - FORGIVEN_S
    fps = min(facts.fps, MOST_FPS)
    drawn_s = -math.inf
    with av.open(str(target), "w", format="webm") as out, rows_path.open() as lines:
        stream: av.VideoStream | None = None
        by_tick = _rows_by_tick(lines)
        coming = next(by_tick, None)
        shown: list[Row] = []
        for time_s, frame in opened_video(upload, facts.container, plan.start_s):
            goes_on()
            if time_s < plan.start_s - FORGIVEN_S or time_s - drawn_s < shortest_s:
                continue
            if time_s >= plan.time_of(plan.ticks):
                break
            drawn_s = time_s
            tick = plan.tick_at(time_s)
            if coming is None or coming[0] > tick + 1:
                shown = [] if shown and tick > shown[0]["frame"] + 1 else shown
            while coming is not None and coming[0] <= tick:
                shown, coming = coming[1], next(by_tick, None)
            image = drawn(smaller(upright(frame)), shown, facts)
            if stream is None:
                stream = _add_stream(out, image, fps)
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts = max(0, round((time_s - plan.start_s) * 1000))
            picture.time_base = Fraction(1, 1000)
            out.mux(stream.encode(picture))
        if stream is None:
            raise BadVideo("no frame of the stretch can be drawn")
        out.mux(stream.encode(None))


def _add_stream(out: av.container.OutputContainer, image: Image, fps: float) -> av.VideoStream:
    stream = out.add_stream("libvpx-vp9", rate=Fraction(fps).limit_denominator(1000))
    stream.width, stream.height = image.shape[1], image.shape[0]
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, 1000)
    stream.options = {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0", "row-mt": "0"}
    return stream


def _rows_by_tick(lines: Iterator[str]) -> Iterator[tuple[int, list[Row]]]:
    rows: list[Row] = []
    for line in lines:
        row = json.loads(line)
        if rows and row["frame"] != rows[0]["frame"]:
            yield rows[0]["frame"], rows
            rows = []
        rows.append(row)
    if rows:
        yield rows[0]["frame"], rows


def smaller(image: Image) -> Image:
    """At most LONGEST_SIDE on its longer side; sides even, as the codec wants them."""
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
    if size == (width, height):
        return image
    return np.asarray(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BOX))


def drawn(image: Image, rows: list[Row], facts: VideoFacts) -> Image:
    """A copy of the image with what is known of its faces."""
    scale = image.shape[1] / facts.width if facts.width else 1.0
    picture = PIL.Image.fromarray(image)
    draw = PIL.ImageDraw.Draw(picture)
    for row in rows:
        box = row["box"]
        left, top = round(box["x"] * scale), round(box["y"] * scale)
        right, bottom = round((box["x"] + box["width"]) * scale), round((box["y"] + box["height"]) * scale)
        colour = BGR[LABELS.index(row["top"])]
        draw.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=2)
        words = f"face {row['face_id']}: {row['top']} {row['smoothed'][row['top']]:.0%}"
        # An outline, to be read on any ground.
        draw.text((left, max(0, top - 14)), words, fill=colour, font=FONT, stroke_width=1, stroke_fill=(0, 0, 0))
        _draw_bars(draw, row["smoothed"], left, bottom, max(60, right - left))
    return np.asarray(picture)


def _draw_bars(draw: PIL.ImageDraw.ImageDraw, probabilities: dict[str, float], left: int, top: int, width: int) -> None:
    for index, label in enumerate(LABELS):
        y = top + 4 + 8 * index
        draw.rectangle((left, y, left + width, y + 6), fill=(60, 60, 60))
        draw.rectangle((left, y, left + round(width * probabilities[label]), y + 6), fill=BGR[index])
