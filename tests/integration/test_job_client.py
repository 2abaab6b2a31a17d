"""Video jobs as people use them: the Python clients and the commands, against a real platform."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from bench.clips import write_clip
from bench.jobs import FER_SCRIPT
from contracts.jobs import FINAL_STATES, JobOptions, JobProgress, JobView
from contracts.labels import LABELS
from contracts.protocol import Dropped, Result, SessionUpdate, SessionUpdated
from tests.integration.test_command_line import thespis
from tests.platform_process import Platform
from tests.unit.thespis.job_views import job_view
from tests.video_clips import zip_of
from thespis import AsyncClient, Client, ThespisError, Unreachable
from thespis.sample_face import astronaut_path
from thespis.streaming import open_stream

PNG, WEBM = b"\x89PNG", b"\x1a\x45\xdf\xa3"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with one face: ten sampled frames at five a second."""
    path = tmp_path_factory.mktemp("clips") / "two seconds.mp4"
    write_clip(path, 2.0)
    return path


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work for longer than a test takes to end it: thirty seconds, to be sampled at every frame."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    write_clip(path, 30.0)
    return path


@pytest.fixture
def client(platform: Platform) -> Iterator[Client]:
    with Client(platform.url) as running:
        yield running


def test_a_video_is_submitted_waited_for_and_its_results_read(client: Client, clip: Path, tmp_path: Path) -> None:
    uploaded: list[tuple[int, int]] = []
    seen: list[JobView] = []
    job = client.submit(
        clip, JobOptions(annotated=True, votes=True), on_upload=lambda sent, total: uploaded.append((sent, total))
    )
    assert job.file_name == "two seconds.mp4"
    assert uploaded[-1] == (clip.stat().st_size, clip.stat().st_size)
    ended = client.wait(job.id, seen.append, timeout_s=90)
    assert ended.state == "succeeded"
    assert seen[-1] == ended
    assert [view.progress.frames_done for view in seen] == sorted(view.progress.frames_done for view in seen)
    rows = list(client.results(job.id))
    assert [row.frame for row in rows] == list(range(10))
    assert all(sum(row.probabilities.values()) == pytest.approx(1, abs=1e-3) and row.votes for row in rows)
    summary = client.summary(job.id)
    assert summary.frames == 10
    assert summary.faces[0].seconds_on_screen == pytest.approx(2.0)
    assert client.timeline(job.id).startswith(PNG)
    for what, start in (
        ("annotated", WEBM),
        ("timeline.png", PNG),
        ("results.csv", b"time_s,"),
        ("results.ndjson", b"{"),
    ):
        client.download(job.id, what, tmp_path / what)
        assert (tmp_path / what).read_bytes().startswith(start)
    client.delete(job.id)
    with pytest.raises(ThespisError) as caught:
        client.job(job.id)
    assert caught.value.problem.status == 404


async def test_the_asynchronous_client_does_the_same(platform: Platform, clip: Path, tmp_path: Path) -> None:
    seen: list[JobView] = []
    uploaded: list[int] = []
    async with AsyncClient(platform.url) as client:
        job = await client.submit(clip, JobOptions(label="async"), on_upload=lambda sent, _: uploaded.append(sent))
        ended = await client.wait(job.id, seen.append, timeout_s=90)
        assert (ended.state, seen[-1]) == ("succeeded", ended)
        assert uploaded == sorted(uploaded)
        assert uploaded[-1] > 0
        assert [row.frame async for row in client.results(job.id)] == list(range(10))
        assert [found.id async for found in client.jobs(label="async")] == [job.id]
        assert (await client.summary(job.id)).frames_with_faces == 10
        assert (await client.timeline(job.id)).startswith(PNG)
        await client.download(job.id, "summary.json", tmp_path / "summary.json")
        assert json.loads((tmp_path / "summary.json").read_text())["frames"] == 10
        assert (await client.cancel(job.id)).state == "succeeded"
        await client.delete(job.id)
        with pytest.raises(ThespisError, match="there is no job"):
            await client.job(job.id)


async def test_the_asynchronous_client_opens_live_sessions(platform: Platform, jpeg: bytes) -> None:
    async with AsyncClient(platform.url) as client, client.stream() as stream:
        frame_id = await stream.send(jpeg)
        while not isinstance(answer := await stream.receive(), Result):  # a frame may rightly be too late
            assert isinstance(answer, Dropped)
            frame_id = await stream.send(jpeg)
    assert answer.frame_id == frame_id


def test_the_synchronous_client_opens_live_sessions(client: Client, jpeg: bytes) -> None:
    with client.stream() as stream:
        assert stream.created.limits.max_faces > 0
        frame_id = stream.send(jpeg)
        while not isinstance(answer := stream.receive(timeout_s=30), Result):  # a frame may rightly be too late
            assert isinstance(answer, Dropped)
            frame_id = stream.send(jpeg)
        assert answer.frame_id == frame_id
        stream.update(SessionUpdate(max_faces=1))
        assert isinstance(stream.receive(timeout_s=30), SessionUpdated)
        frame_id = stream.send(jpeg)
        for answer in stream:
            if isinstance(answer, Result):
                break
            frame_id = stream.send(jpeg)
        assert answer.frame_id == frame_id
        with pytest.raises(TimeoutError):
            stream.receive(timeout_s=0.01)
        stream.close()
        assert list(stream) == []


def test_a_live_session_where_nobody_answers_is_unreachable() -> None:
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(Unreachable), nobody.stream():
        pass


def test_a_video_is_read_from_its_file_as_it_is_sent(client: Client, clip: Path) -> None:
    class Watched(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            block = super().read(size)
            self.largest = max(self.largest, len(block))
            return block

    file = Watched(clip.read_bytes())
    client.delete(client.submit(file).id)
    assert 0 < file.largest <= 64 * 1024 < clip.stat().st_size


def test_the_same_key_gives_the_same_job_and_refuses_another_video(client: Client, clip: Path) -> None:
    first = client.submit(clip, idempotency_key="once")
    assert client.submit(clip, idempotency_key="once").id == first.id
    with pytest.raises(ThespisError) as caught:
        client.submit(clip, JobOptions(fps=6), idempotency_key="once")
    assert caught.value.problem.type.endswith("key_reused")


def test_a_running_job_is_cancelled(client: Client, long_clip: Path) -> None:
    job = client.submit(long_clip, JobOptions(fps=25, label="to be cancelled"))
    assert client.cancel(job.id).state in ("cancelling", "cancelled")
    assert client.wait(job.id, timeout_s=30).state == "cancelled"
    assert [found.id for found in client.jobs("cancelled", "to be cancelled")] == [job.id]
    with pytest.raises(ThespisError):
        client.summary(job.id)


def test_waiting_ends_when_its_time_is_up_and_the_job_goes_on(client: Client, long_clip: Path) -> None:
    job = client.submit(long_clip, JobOptions(fps=25))
    with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
        client.wait(job.id, timeout_s=0.3)
    assert client.job(job.id).state not in FINAL_STATES
    client.delete(job.id)


def test_a_large_file_that_is_no_video_is_refused_with_its_reason(client: Client) -> None:
    with pytest.raises(ThespisError) as caught:
        client.submit(b"no video at all, " * 1_000_000)
    assert caught.value.problem.status == 422
    assert "mp4" in caught.value.problem.detail


def test_a_download_that_is_refused_leaves_no_file(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ThespisError):
        client.download("unknown", "annotated", tmp_path / "annotated.webm")
    assert list(tmp_path.iterdir()) == []


class Scripted:
    """A gateway that says what a test wants: how the job stands, and what each connection for events gets."""

    def __init__(self) -> None:
        self.job = job_view(state="running", progress=JobProgress(5, 10, 1.0, 1.0))
        self.ended = job_view(state="succeeded", progress=JobProgress(10, 10, 2.0, None))
        self.last_event_ids: list[str | None] = []
        self.asked = 0
        self.kind = "text/event-stream"
        self.unwell = 0

    async def show(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.asked > 1 and self.unwell:
            self.unwell -= 1
            return web.Response(status=503)
        if self.kind == "text/html" and self.asked > 3:
            self.job = self.ended
        return self._reply(self.job)

    async def events(self, request: web.Request) -> web.StreamResponse:
        self.last_event_ids.append(request.headers.get("Last-Event-ID"))
        response = web.StreamResponse(headers={"Content-Type": self.kind})
        await response.prepare(request)
        if self.kind == "text/html":
            return response
        if len(self.last_event_ids) < 3:
            await response.write(self._event(f"{len(self.last_event_ids)}-0", self.job) + b"id: 9-0\ndata: {")
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(b": still here\n\n" + self._event("3-0", self.ended))
        return response

    @staticmethod
    def _reply(job: JobView) -> web.Response:
        return web.json_response(body=_json(job))

    @staticmethod
    def _event(event_id: str, job: JobView) -> bytes:
        return b"id: %s\nevent: progress\ndata: %s\n\n" % (event_id.encode(), _json(job))


def _json(job: JobView) -> bytes:
    return msgspec.json.encode(job)


@pytest.fixture
async def scripted() -> Any:
    script = Scripted()
    app = web.Application()
    app.add_routes([web.get("/v1/jobs/{id}", script.show), web.get("/v1/jobs/{id}/events", script.events)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield script, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def wait_in_either(kind: str, url: str, seen: list[JobView]) -> JobView:
    """The same wait through the one client or the other."""
    if kind == "AsyncClient":
        async with AsyncClient(url) as client:
            return await client.wait("a", seen.append, timeout_s=60)

    def work() -> JobView:
        with Client(url) as client:
            return client.wait("a", seen.append, timeout_s=60)

    return await asyncio.to_thread(work)


CLIENTS = pytest.mark.parametrize("kind", ["Client", "AsyncClient"])


@CLIENTS
async def test_lost_events_are_taken_up_where_they_were_lost(scripted: Any, kind: str) -> None:
    script, url = scripted
    seen: list[JobView] = []
    assert (await wait_in_either(kind, url, seen)).state == "succeeded"
    assert script.last_event_ids == [None, "1-0", "2-0"]
    assert seen[-1] == script.ended


@CLIENTS
async def test_where_no_events_come_through_the_job_is_asked_for(scripted: Any, kind: str) -> None:
    script, url = scripted
    script.kind = "text/html"
    assert (await wait_in_either(kind, url, [])).state == "succeeded"
    assert script.last_event_ids == [None]
    assert script.asked == 4


@CLIENTS
async def test_a_gateway_that_is_unwell_for_a_while_is_waited_for(scripted: Any, kind: str) -> None:
    script, url = scripted
    script.kind = "text/html"
    script.unwell = 2
    assert (await wait_in_either(kind, url, [])).state == "succeeded"


@CLIENTS
async def test_waiting_where_nobody_answers_fails_at_once(kind: str) -> None:
    with pytest.raises(Unreachable, match="is it running"):
        await wait_in_either(kind, "http://127.0.0.1:9", [])


# The commands


def test_submit_writes_what_was_asked_for_and_the_job_is_found_again(
    platform: Platform, clip: Path, tmp_path: Path
) -> None:
    csv, plot, annotated = tmp_path / "rows.csv", tmp_path / "plot.png", tmp_path / "annotated.webm"
    files = ("--csv", str(csv), "--plot", str(plot), "--annotated", str(annotated))
    run = thespis("submit", str(clip), "--server", platform.url, "--label", "by hand", "--fps", "10", *files)
    assert (run.returncode, run.stderr) == (0, "")
    assert "20 of 20 frames" in run.stdout
    assert "2.0 s on screen" in run.stdout
    assert len(csv.read_text().splitlines()) == 21
    assert plot.read_bytes().startswith(PNG)
    assert annotated.read_bytes().startswith(WEBM)

    listed = thespis("jobs", "--label", "by hand", THESPIS_SERVER=platform.url)
    assert "succeeded" in listed.stdout
    assert "20/20" in listed.stdout
    (job,) = json.loads(thespis("jobs", "--label", "by hand", "--json", THESPIS_SERVER=platform.url).stdout)
    assert job["id"] in listed.stdout

    shown = thespis("job", job["id"], "--server", platform.url)
    assert "640×480, 25 frames/s, 2.0 s long" in shown.stdout
    assert "face 1" in shown.stdout
    assert json.loads(thespis("job", job["id"], "--server", platform.url, "--json").stdout) == job
    again = tmp_path / "again.csv"
    fetched = thespis("job", job["id"], "--csv", str(again), THESPIS_SERVER=platform.url)
    assert (fetched.returncode, again.read_bytes()) == (0, csv.read_bytes())
    ended = thespis("cancel", job["id"], "--server", platform.url)
    assert (ended.returncode, "had ended already" in ended.stdout) == (0, True)
    removed = thespis("delete", job["id"], "--server", platform.url)
    assert (removed.returncode, removed.stdout) == (0, f"job {job['id']} is removed\n")
    assert "there is no job" in thespis("job", job["id"], "--server", platform.url).stderr


def test_submit_does_not_wait_unless_asked_and_the_job_can_be_cancelled(platform: Platform, long_clip: Path) -> None:
    run = thespis("submit", str(long_clip), "--server", platform.url, "--fps", "25", "--json")
    job = json.loads(run.stdout)
    assert job["state"] in ("queued", "running")
    cancelled = thespis("cancel", job["id"], "--server", platform.url)
    assert cancelled.returncode == 0
    assert "cancel" in cancelled.stdout


def test_submit_with_wait_says_why_a_job_failed(platform: Platform, clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:20_000])
    run = thespis("submit", str(broken), "--server", platform.url, "--wait")
    assert run.returncode == 1
    assert "failed:" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_submit_says_why_pictures_have_no_annotated_video_and_shows_what_was_found(
    platform: Platform, tmp_path: Path
) -> None:
    pictures, annotated = tmp_path / "pictures.zip", tmp_path / "annotated.webm"
    pictures.write_bytes(zip_of([("1.jpg", astronaut_path().read_bytes())]))
    run = thespis("submit", str(pictures), "--server", platform.url, "--annotated", str(annotated))
    assert (run.returncode, annotated.exists()) == (1, False)
    assert "1 of 1 sampled frames show a face" in run.stdout
    assert "annotated.webm was not written: it could not be annotated: pictures of a zip are no video" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["submit", "jobs", "job", "cancel", "delete", "analyze"])
def test_a_server_that_is_not_there_is_one_clear_line(command: str, clip: Path) -> None:
    argument = {"submit": [str(clip)], "analyze": [str(clip)], "jobs": []}.get(command, ["a"])
    run = thespis(command, *argument, THESPIS_SERVER="http://127.0.0.1:9")
    assert (run.returncode, run.stdout) == (1, "")
    assert "is it running" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["job", "cancel", "delete"])
def test_an_unknown_job_is_one_clear_line(command: str, platform: Platform) -> None:
    run = thespis(command, "nobody", "--server", platform.url)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "Error: Not Found: there is no job nobody\n"


def test_a_certificate_that_is_not_trusted_is_one_clear_line_that_says_what_to_set(untrusted: str) -> None:
    run = thespis("jobs", "--server", untrusted)
    assert (run.returncode, run.stdout) == (1, "")
    assert "self-signed" in run.stderr
    assert "SSL_CERT_FILE" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


async def test_a_live_session_says_the_same_of_a_certificate(untrusted: str) -> None:
    with pytest.raises(Unreachable, match="SSL_CERT_FILE"):
        async with open_stream(untrusted):
            pass


def test_a_file_that_is_no_video_is_one_clear_line_and_nothing_is_sent(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("to be or not to be")
    run = thespis("submit", str(notes), "--server", "http://127.0.0.1:9")
    assert run.returncode == 1
    assert "neither mp4" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_a_folder_that_is_not_there_is_said_before_the_job_runs(clip: Path, tmp_path: Path) -> None:
    run = thespis("submit", str(clip), "--csv", str(tmp_path / "none" / "rows.csv"), "--server", "http://127.0.0.1:9")
    assert run.returncode == 2
    assert "there is no folder" in run.stderr


def test_options_that_the_server_refuses_are_one_clear_line(platform: Platform, clip: Path) -> None:
    run = thespis("submit", str(clip), "--server", platform.url, "--start", "2", "--end", "1")
    assert run.returncode == 1
    assert "end_s lies after start_s" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_analyze_of_a_video_shows_each_face_with_its_shares(platform: Platform, clip: Path) -> None:
    run = thespis("analyze", str(clip), "--server", platform.url)
    assert (run.returncode, run.stderr) == (0, "")
    assert "10 of 10 sampled frames show a face" in run.stdout
    assert "face 1: 2.0 s on screen" in run.stdout
    assert "% of the time" in run.stdout
    assert any(label in run.stdout for label in LABELS)


@pytest.mark.long
def test_analyze_of_a_video_without_a_server_prints_its_summary_and_nothing_else(clip: Path, tmp_path: Path) -> None:
    run = thespis("analyze", str(clip), "--json", THESPIS_ARTEFACTS_URL=f"file://{tmp_path}/others")
    assert run.returncode == 0, run.stderr
    summary = json.loads(run.stdout)
    assert (summary["frames"], summary["faces"][0]["face_id"]) == (10, 1)
    assert list(tmp_path.iterdir()) == []


def test_analyze_still_takes_a_picture(platform: Platform) -> None:
    run = thespis("analyze", str(astronaut_path()), "--json", THESPIS_SERVER=platform.url)
    assert len(json.loads(run.stdout)["faces"]) == 1


@pytest.mark.parametrize(
    "words", [("submit",), ("jobs",), ("job",), ("cancel",), ("delete",), ("analyze",), ("bench", "jobs")]
)
def test_help_teaches_with_an_example(words: tuple[str, ...]) -> None:
    run = thespis(*words, "--help")
    assert run.returncode == 0
    assert f"Example: thespis {' '.join(words)}" in run.stdout


@pytest.mark.long
@pytest.mark.timeout(400)  # four platforms, one after the other: 74 s on two idle cores
def test_the_bench_of_jobs_prints_one_object_with_the_floor_and_live_sessions() -> None:
    run = thespis("bench", "jobs", "--seconds", "3", "--json", timeout=350)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert [(floor["processes"], floor["frames"]) for floor in report["floor"]] == [(1, 15), (2, 15)]
    assert [(job["job_workers"], job["state"], job["frames"]) for job in report["job"]] == [
        (1, "succeeded", 15), (2, "succeeded", 15),
    ]  # fmt: skip
    for row in (*report["floor"], *report["job"]):
        assert row["frames_per_s"] > 0
    for name in ("alone", "beside_a_job"):
        assert 0 < report["live"][name]["p50_ms"] <= report["live"][name]["p95_ms"]
    assert "pip install fer" in report["fer"]["left_out"]
    assert {"one_worker_of_one_process", "two_workers_to_one", "live_p95_beside_a_job"} <= set(report["ratios"])


def test_the_bench_says_at_once_that_a_python_has_no_fer() -> None:
    run = thespis("bench", "jobs", "--fer", sys.executable)
    assert run.returncode == 1
    assert "has no fer" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_fer_is_measured_in_a_python_of_its_own(clip: Path, tmp_path: Path) -> None:
    """A stand-in with the library's interface: what is tested is our side of it."""
    (tmp_path / "fer.py").write_text(
        "class FER:\n"
        "    def detect_emotions(self, image):\n"
        "        assert image.shape == (480, 640, 3)\n"
        "        return [1]\n"
    )
    run = subprocess.run(
        [sys.executable, str(FER_SCRIPT), str(clip), "5", "10"], env={"PYTHONPATH": str(tmp_path)}, capture_output=True,
        check=True, text=True,
    )  # fmt: skip
    measured = json.loads(run.stdout)
    assert (measured["frames"], measured["faces"]) == (9, 9)
