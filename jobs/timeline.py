"""A picture of the whole video: for each face, its smoothed probabilities over time."""

import gc
import io
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from contracts.jobs import ResultRow
from contracts.labels import LABELS
from jobs.colours import COLOURS

BINS: Final = 600
MOST_FACES: Final = 8


class Timeline:
    """Takes rows in order and keeps means over `BINS` stretches of the video."""

    def __init__(self, start_s: float, end_s: float) -> None:
        self._start_s = start_s
        self._end_s = end_s
        self._bins: dict[int, dict[int, tuple[np.ndarray, int]]] = {}

    def add(self, row: ResultRow) -> None:
        place = int((row.time_s - self._start_s) / max(self._end_s - self._start_s, 1e-9) * BINS)
        bins = self._bins.setdefault(row.face_id, {})
        total, count = bins.get(place, (np.zeros(len(LABELS)), 0))
        bins[place] = total + [row.smoothed[label] for label in LABELS], count + 1

    def png(self) -> bytes:
        """Drawn without a display; the faces that are seen longest, at most `MOST_FACES`."""
        try:
            return self._drawn()
        finally:
            gc.collect()  # a figure refers to itself: a dozen of them would lie here until Python looks by itself

    def _drawn(self) -> bytes:
        mpl.use("Agg")
        shown = sorted(self._bins, key=lambda face_id: -len(self._bins[face_id]))[:MOST_FACES]
        figure = Figure(figsize=(11, 1.2 + 1.7 * max(len(shown), 1)), layout="constrained")
        every_axes = figure.subplots(max(len(shown), 1), 1, sharex=True, squeeze=False)[:, 0]
        for axes, face_id in zip(every_axes, sorted(shown), strict=False):
            self._draw(axes, face_id)
        every_axes[-1].set_xlabel("seconds")
        if shown:
            every_axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, 1.5), ncols=len(LABELS), frameon=False)
        else:
            every_axes[0].set_title("no face was found")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=110)
        return picture.getvalue()

    def _draw(self, axes: "mpl.axes.Axes", face_id: int) -> None:
        bins = self._bins[face_id]
        width_s = (self._end_s - self._start_s) / BINS
        # A stretch in which the face was not seen breaks the line.
        gap = max(2, int(1.0 / width_s) + 1) if width_s else 2
        places: list[float] = []
        values: list[np.ndarray] = []
        for place in sorted(bins):
            if places and place - (places[-1] - self._start_s) / max(width_s, 1e-9) > gap:
                places.append(places[-1])
                values.append(np.full(len(LABELS), np.nan))
            total, count = bins[place]
            places.append(self._start_s + place * width_s)
            values.append(total / count)
        stacked = np.array(values)
        for index, (label, colour) in enumerate(zip(LABELS, COLOURS, strict=True)):
            axes.plot(places, stacked[:, index], color=colour, label=label, linewidth=1.4)
        axes.set(ylim=(0, 1), xlim=(self._start_s, self._end_s), ylabel=f"face {face_id}")
        axes.grid(alpha=0.25)
