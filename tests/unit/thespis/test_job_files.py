"""How a job's files are fetched when a server is away for a moment."""

from pathlib import Path

import click
import pytest

from tests.unit.thespis.job_views import job_view
from thespis import job_files
from thespis.client import Client
from thespis.errors import Unreachable


class Shaky(Client):
    """A client whose server is away as often as was said."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.left = away

    def download(self, job_id: str, what: object, path: object) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Unreachable("no Thespis answers; is it running?")
        Path(str(path)).write_text("rows")


@pytest.fixture
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thespis.job_files.time.sleep", lambda seconds: None)


@pytest.mark.usefixtures("asked_at_once")
def test_a_file_is_fetched_though_the_server_was_away_for_a_moment(tmp_path: Path) -> None:
    assert not job_files.write_files(Shaky(away=3), job_view(), {"results.csv": tmp_path / "rows.csv"})
    assert (tmp_path / "rows.csv").read_text() == "rows"


def test_what_fails_after_a_job_names_it_and_how_its_files_are_had() -> None:
    view = job_view()
    told = rf"the disk is full; `thespis job {view.id}` .*--csv"
    with pytest.raises(click.ClickException, match=told), job_files.naming(view):
        raise OSError("the disk is full")
