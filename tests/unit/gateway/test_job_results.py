"""A job's results as a table."""

from contracts.geometry import BoundingBox
from contracts.jobs import ResultRow
from contracts.labels import LABELS
from gateway.job_results import CSV_HEAD, _csv_row


def test_a_row_has_the_votes_of_each_member_and_empty_cells_for_one_that_was_away() -> None:
    even = dict.fromkeys(LABELS, 1 / 7)
    vote = {label: float(label == "happy") for label in LABELS}
    row = ResultRow(0.0, 0, 1, BoundingBox(0, 0, 9, 9), 0.9, even, even, "happy", 1.0, False, {"cnn": vote})
    cells = _csv_row(row, ["away", "cnn"])
    assert cells[len(CSV_HEAD) :] == [""] * 7 + list(vote.values())
    assert len(_csv_row(row, [])) == len(CSV_HEAD)
