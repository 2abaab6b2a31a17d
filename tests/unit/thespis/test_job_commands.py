"""What the commands for jobs do when a server is away for a moment."""

from pathlib import Path

import click
import pytest

from contracts.jobs import JobOptions, JobView
from tests.unit.thespis.job_views import job_view
from thespis import job_commands
from thespis.client import Client
from thespis.errors import Unreachable
from thespis.job_progress import JobProgressBar

AWAY = Unreachable("no Thespis answers; is it running?")


class Shaky(Client):
    """A client whose server is away as often as was said."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.left = away
        self.keys: list[str | None] = []

    def submit(
        self, video: object, options: object = None, idempotency_key: str | None = None, on_upload: object = None
    ) -> JobView:
        self.keys.append(idempotency_key)
        self._fall()
        return job_view()

    def download(self, job_id: str, what: object, path: object) -> None:
        self._fall()
        Path(str(path)).write_text("rows")

    def _fall(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise AWAY


@pytest.fixture
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thespis.job_commands.time.sleep", lambda seconds: None)


def submitted(client: Client) -> JobView:
    with JobProgressBar() as bar:
        return job_commands._submitted(client, Path("film.mp4"), JobOptions(), bar)


def test_a_lost_answer_is_asked_for_again_under_the_same_key_so_that_there_is_one_job() -> None:
    client = Shaky(away=1)
    assert submitted(client) == job_view()
    assert client.keys[0] is not None
    assert client.keys == [client.keys[0]] * 2
    other = Shaky(away=0)
    submitted(other)
    assert other.keys != client.keys[:1], "another submission is another job"


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unreachable):
        submitted(Shaky(away=2))


@pytest.mark.usefixtures("asked_at_once")
def test_a_file_is_fetched_though_the_server_was_away_for_a_moment(tmp_path: Path) -> None:
    assert job_commands._fetched(Shaky(away=3), job_view(), "results.csv", tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text() == "rows"


def test_what_fails_after_a_job_names_it_and_how_its_files_are_had() -> None:
    view = job_view()
    told = rf"the disk is full; `thespis job {view.id}` .*--csv"
    with pytest.raises(click.ClickException, match=told), job_commands.naming(view):
        raise OSError("the disk is full")
