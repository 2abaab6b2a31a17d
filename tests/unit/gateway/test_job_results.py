"""A job's results: who gets them and when, and as a table."""

import time
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from contracts.geometry import BoundingBox
from contracts.jobs import JobState, ResultRow
from contracts.labels import LABELS
from gateway.job_results import CSV_HEAD, ROWS_AT_ONCE, _csv_row, _result, _some_rows
from gateway.jobs import Jobs
from gateway.problems import Problematic
from gateway.settings import GatewaySettings
from jobs.artefacts import Artefacts
from tests.unit.thespis.job_views import job_view

REQUEST = make_mocked_request("GET", "/v1/jobs/one/results", match_info={"id": "one"})


def jobs_with(state: JobState, expires_s: float | None, folder: Path, *, files: bool) -> Jobs:
    artefacts = Artefacts(f"file://{folder}")
    if files:
        artefacts.write_whole(artefacts.path("one", "results", "rows.ndjson"), b"rows")
    store = mock.Mock()
    store.view.return_value = job_view(state=state, expires_s=expires_s)
    return Jobs(store, mock.Mock(), artefacts, GatewaySettings(), [], [])


@pytest.mark.parametrize("state", ["succeeded", "partially_succeeded"])
async def test_results_are_read_also_when_they_are_removed_meanwhile(state: JobState, tmp_path: Path) -> None:
    jobs = jobs_with(state, time.time() + 60, tmp_path, files=True)
    async with _result(REQUEST, jobs, "rows.ndjson") as (file, view):
        jobs.artefacts.remove(jobs.artefacts.path("one"))
        assert (file.read(), view.state) == (b"rows", state)


@pytest.mark.parametrize(
    ("state", "left_s", "files", "status", "code"),
    [
        ("running", None, True, 409, "not_ended"),
        ("cancelled", None, True, 404, "no_such_result"),  # whoever was at it may write them still
        ("failed", None, True, 404, "no_such_result"),
        ("succeeded", 60, False, 404, "no_such_result"),
        ("succeeded", -1, False, 410, "expired"),  # removed already, while the record does not say so yet
        ("expired", -60, False, 410, "expired"),
    ],
)
async def test_the_state_of_a_job_decides_whether_it_has_results(
    state: JobState, left_s: float | None, files: bool, status: int, code: str, tmp_path: Path
) -> None:
    jobs = jobs_with(state, None if left_s is None else time.time() + left_s, tmp_path, files=files)
    with pytest.raises(Problematic) as refused:
        async with _result(REQUEST, jobs, "rows.ndjson"):
            pass
    assert (refused.value.status, refused.value.code) == (status, code)


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
