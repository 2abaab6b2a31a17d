"""A job's results as a table."""

import msgspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from contracts.geometry import BoundingBox
from contracts.jobs import ResultRow
from contracts.labels import LABELS
from gateway.job_results import CSV_HEAD, ROWS_AT_ONCE, _csv_row, _some_rows


def test_a_row_has_the_votes_of_each_member_and_empty_cells_for_one_that_was_away() -> None:
    even = dict.fromkeys(LABELS, 1 / 7)
    vote = {label: float(label == "happy") for label in LABELS}
    row = ResultRow(0.0, 0, 1, BoundingBox(0, 0, 9, 9), 0.9, even, even, "happy", 1.0, False, {"cnn": vote})
    cells = _csv_row(row, ["away", "cnn"])
    assert cells[len(CSV_HEAD) :] == [""] * 7 + list(vote.values())
    assert len(_csv_row(row, [])) == len(CSV_HEAD)


class Remote(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """A file as fsspec gives it of a store across the network."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        super().__init__(AbstractFileSystem(), "rows.ndjson", size=len(content))

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self._content[start:end]


def test_rows_are_read_from_a_store_across_the_network() -> None:
    even = dict.fromkeys(LABELS, 1 / 7)
    row = ResultRow(0.0, 0, 1, BoundingBox(0, 0, 9, 9), 0.9, even, even, "happy", 1.0, False)
    file = Remote((msgspec.json.encode(row) + b"\n") * (ROWS_AT_ONCE + 1))
    assert [len(_some_rows(file)) for _ in range(3)] == [ROWS_AT_ONCE, 1, 0]
