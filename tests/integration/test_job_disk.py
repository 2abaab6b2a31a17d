"""The artefact store's disk is full in the middle of a job: a real file system, of which not a byte is left."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.files import paths_under
from tests.integration.job_client import RESULTS, JobClient
from tests.platform_process import THESPIS_UP, Platform
from tests.video_clips import decoded, write_clip
from tests.waiting import wait_until

pytestmark = pytest.mark.long

# A tmpfs that only the platform sees, in namespaces of its own: larger than what the gateway wants to be left free.
WITH_A_SMALL_STORE = (
    "unshare", "--user", "--map-root-user", "--mount",
    "sh", "-c", 'mount -t tmpfs -o size=320m none "$0" && exec "$@"',
)  # fmt: skip
WORKERS = {"detect": "-m detector_worker jobs", "classify": "-m ensemble_worker jobs", "finish": "-m jobs"}


class SmallStore:
    """The artefact store as the platform sees it."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.folder = Path(f"/proc/{platform.process.pid}/root{folder}")

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        ballast = self.folder / "ballast"
        with ballast.open("wb") as file:
            room = os.statvfs(self.folder)
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize)
        assert os.statvfs(self.folder).f_bavail == 0
        try:
            yield
        finally:
            ballast.unlink()

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in paths_under(self.folder) if path.is_file()}


@pytest.fixture(scope="module")
def cramped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, SmallStore]]:
    folder = tmp_path_factory.mktemp("small store")
    log = tmp_path_factory.mktemp("job disk") / "up.log"
    command = (*WITH_A_SMALL_STORE, str(folder), *THESPIS_UP)
    with Platform(log, command, THESPIS_ARTEFACTS_URL=f"file://{folder}") as platform:
        wait_until(lambda: all(map(platform.children_with, WORKERS.values())))
        yield platform, SmallStore(platform, folder)


@contextlib.contextmanager
def standing_still(worker: psutil.Process) -> Iterator[None]:
    worker.suspend()
    try:
        yield
    finally:
        worker.resume()


@pytest.mark.parametrize("stage", WORKERS)
def test_a_job_waits_while_the_disk_is_full_and_loses_nothing(
    cramped: tuple[Platform, SmallStore], tmp_path: Path, frames: list[bytes], stage: str
) -> None:
    platform, store = cramped
    jobs = JobClient(platform)
    clip = write_clip(tmp_path / "clip.mp4", decoded(frames), 25.0)
    worker = platform.child(WORKERS[stage])
    first = platform.child(WORKERS["classify"]) if stage == "finish" else worker  # who finishes must plan before
    with standing_still(first), contextlib.ExitStack() as later:
        job_id = jobs.submit(clip, fps=25)
        wait_until(lambda: jobs.view(job_id)["state"] == "running")
        if stage != "detect":
            wait_until(lambda: {f"jobs/{job_id}/parts/{segment}" for segment in range(2)} <= store.files())
        if stage == "finish":
            later.enter_context(standing_still(worker))
            first.resume()
            wait_until(lambda: jobs.done(job_id) == len(frames))
            # Only then does it remove the crops; what they free would be room for the results.
            wait_until(lambda: not any("/parts/" in file for file in store.files()))
        with store.full():
            worker.resume()
            wait_until(lambda: "no room in the artefact store" in jobs.view(job_id)["message"])
            assert jobs.view(job_id)["state"] == "running"
    job = jobs.wait(job_id)
    assert (job["state"], job["message"], job["errors"]) == ("succeeded", "", [])
    assert jobs.frames(job_id) == list(range(len(frames)))
    wait_until(lambda: store.files() == {f"jobs/{job_id}/results/{name}" for name in RESULTS})
    assert jobs.ask("DELETE", f"/v1/jobs/{job_id}").status_code == 204
