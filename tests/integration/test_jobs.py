"""Video jobs on a running platform: submitted, followed, read, ended."""

import asyncio
import base64
import contextlib
import csv
import hashlib
import hmac
import http.server
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from contracts.labels import LABELS
from runtime.model_tree import read_ensemble
from tests.integration.job_client import JobClient
from tests.integration.live_session import live_session
from tests.platform_process import ROOT, Platform
from tests.video_clips import decoded, write_clip, write_motion_jpeg, zip_of
from tests.waiting import wait_until

SECRET = "whsec_" + base64.b64encode(b"a secret of this test").decode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(
        tmp_path_factory.mktemp("jobs") / "up.log",
        THESPIS_DETECTORS="1",
        THESPIS_MAX_UPLOAD_BYTES="30000000",
        THESPIS_WEBHOOKS_TO_PRIVATE="true",
        THESPIS_WEBHOOK_SECRET=SECRET,
        THESPIS_SWEEP_ORPHANS_S="1",
    ) as platform:
        yield platform


@pytest.fixture(scope="module")
def jobs(running: Platform) -> JobClient:
    return JobClient(running)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]) -> Path:
    """Four seconds, 25 frames each."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", decoded(frames * 2), 25.0)


@pytest.fixture(scope="module")
def done(jobs: JobClient, clip: Path) -> str:
    """A job that has succeeded, for those who only read."""
    job_id = jobs.submit(clip, "film.mp4", annotated=True, votes=True, label="read only", fps=10)
    assert jobs.wait(job_id)["state"] == "succeeded"
    return job_id


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi", ".mkv"])
def test_a_video_gives_a_row_for_each_sampled_frame(
    jobs: JobClient, tmp_path: Path, frames: list[bytes], suffix: str
) -> None:
    path = write_clip(tmp_path / f"film{suffix}", decoded(frames), 25.0)
    job_id = jobs.submit(path, path.name)
    job = jobs.wait(job_id)
    assert (job["state"], job["message"], job["errors"], job["file_name"]) == ("succeeded", "", [], path.name)
    assert (job["video"]["width"], job["video"]["height"]) == (640, 480)
    assert job["progress"] == {"frames_done": 10, "frames_total": 10, "video_seconds_done": 2.0, "eta_s": None}
    rows = jobs.rows(job_id)
    assert [row["frame"] for row in rows] == list(range(10))
    assert [row["time_s"] for row in rows] == pytest.approx([n / 5 for n in range(10)], abs=0.002)
    assert {row["face_id"] for row in rows} == {1}


def test_a_zip_of_pictures_gives_a_row_for_each(jobs: JobClient, frames: list[bytes]) -> None:
    job_id = jobs.submit(zip_of((f"{n:03}.jpg", jpeg) for n, jpeg in enumerate(frames[:8])), "pictures.zip", fps=1)
    assert jobs.wait(job_id)["state"] == "succeeded"
    assert jobs.frames(job_id) == list(range(8))


def test_pictures_and_slow_videos_are_looked_at_once_a_frame_and_their_faces_shown_all_the_time(
    jobs: JobClient, tmp_path: Path, frames: list[bytes]
) -> None:
    pictures = zip_of((f"{n:03}.jpg", frames[0]) for n in range(12))
    slow = write_clip(tmp_path / "slow.mp4", decoded(frames[:1] * 12), 2.0)
    for video, name, seconds in ((pictures, "pictures.zip", 12.0), (slow.read_bytes(), "slow.mp4", 6.0)):
        job = jobs.wait(jobs.submit(video, name))
        progress = job["progress"]
        assert (progress["frames_done"], progress["frames_total"], progress["video_seconds_done"]) == (12, 12, seconds)
        faces = jobs.ask("GET", f"/v1/jobs/{job['id']}/summary").json()["faces"]
        assert sum(face["frames"] for face in faces) == 12
        assert sum(face["seconds_on_screen"] for face in faces) == seconds


def test_options_are_honoured(jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(
        clip, fps=10, start_s=1.0, end_s=2.0, members=["baseline"], smoothing=0, votes=True, label="mine",
        max_faces=1, min_face_size=30,
    )  # fmt: skip
    job = jobs.wait(job_id)
    assert (job["state"], job["label"], list(job["members"])) == ("succeeded", "mine", ["baseline"])
    rows = jobs.rows(job_id)
    assert [row["frame"] for row in rows] == list(range(10))
    assert [row["time_s"] for row in rows] == pytest.approx([1 + n / 10 for n in range(10)], abs=0.041)
    for row in rows:
        assert list(row["votes"]) == ["baseline"]
        assert row["smoothed"] == pytest.approx(row["probabilities"])
    too_large = jobs.submit(clip, min_face_size=2000)
    job = jobs.wait(too_large)
    voters = read_ensemble(ROOT / "models").votes["default"].weights
    assert (job["state"], set(job["members"])) == ("succeeded", set(voters)), "who has a weight in the vote is asked"
    assert jobs.rows(too_large) == []


@pytest.mark.parametrize(
    "options",
    [
        {"fps": 0}, {"fps": 61}, {"start_s": -1}, {"start_s": 3, "end_s": 2}, {"max_faces": 0}, {"smoothing": 1},
        {"members": ["nobody"]}, {"vote_profile": "none"}, {"colour": "red"}, {"label": "x" * 201},
        {"webhook_url": "ftp://example.org"}, {"fps": "many"},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_can_not_be_used_are_refused(jobs: JobClient, clip: Path, options: dict[str, Any]) -> None:
    answer = jobs.post(clip, **options)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:thespis:problem:bad_options")


def test_a_stretch_behind_the_end_fails_with_a_reason(jobs: JobClient, clip: Path) -> None:
    job = jobs.wait(jobs.submit(clip, start_s=100))
    assert job["state"] == "failed"
    assert "nothing lies between" in job["message"]


def test_one_key_gives_one_job_for_the_same_body_and_none_for_another(jobs: JobClient, clip: Path) -> None:
    first = jobs.post(clip, key="one", label="a")
    again = jobs.post(clip, key="one", label="a")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    for other in (jobs.post(clip, key="one", label="b"), jobs.post(clip.read_bytes() + b"\0", key="one", label="a")):
        assert (other.status_code, other.json()["type"]) == (422, "urn:thespis:problem:key_reused")
    assert jobs.ask("DELETE", f"/v1/jobs/{first.json()['id']}").status_code == 204
    anew = jobs.post(clip, key="one", label="a")
    assert anew.status_code == 202, anew.text
    assert anew.json()["id"] != first.json()["id"], "the first one was deleted"


def test_two_at_once_with_one_key_give_one_job(jobs: JobClient, clip: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: jobs.post(clip, key="at once"), range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    (job_id,) = {answer.json()["id"] for answer in answers}
    assert jobs.wait(job_id)["state"] == "succeeded"
    known = {str(job["id"]) for job in jobs.ask("GET", "/v1/jobs").json()["jobs"]}
    wait_until(lambda: set(jobs.files()) <= known)


def test_a_job_that_waits_is_cancelled(jobs: JobClient, running: Platform, clip: Path) -> None:
    worker = running.child("-m jobs")
    worker.suspend()
    try:
        job_id = jobs.submit(clip)
        answer = jobs.ask("POST", f"/v1/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (202, "cancelling")
    finally:
        worker.resume()
    job = jobs.wait(job_id)
    assert (job["state"], job["ended_s"] is not None) == ("cancelled", True)
    wait_until(lambda: job_id not in jobs.files())
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/results").status_code == 404


def test_a_job_that_runs_is_cancelled_and_leaves_nothing(jobs: JobClient, tmp_path: Path, frames: list[bytes]) -> None:
    long = write_motion_jpeg(tmp_path / "long.avi", frames * 12, 25.0)
    job_id = jobs.submit(long, fps=60)
    wait_until(lambda: jobs.done(job_id) > 0)
    jobs.ask("POST", f"/v1/jobs/{job_id}/cancel")
    assert jobs.wait(job_id)["state"] == "cancelled"
    wait_until(lambda: job_id not in jobs.files())


def test_a_job_that_is_cancelled_while_its_video_is_annotated_leaves_nothing(
    jobs: JobClient, tmp_path: Path, frames: list[bytes]
) -> None:
    path = write_clip(tmp_path / "half a minute.mp4", decoded(frames * 15), 25.0)
    job_id = jobs.submit(path, fps=1, annotated=True)
    wait_until(lambda: jobs.done(job_id) == 30)
    answer = jobs.ask("POST", f"/v1/jobs/{job_id}/cancel")
    assert answer.status_code == 202
    assert answer.json()["state"] in ("cancelling", "cancelled"), "another thread may have ended it already"
    assert jobs.wait(job_id)["state"] == "cancelled"
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/results").status_code == 404
    wait_until(lambda: job_id not in jobs.files())


def test_a_job_that_has_ended_stays_as_it_is_when_cancelled(jobs: JobClient, done: str) -> None:
    answer = jobs.ask("POST", f"/v1/jobs/{done}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "succeeded")
    assert jobs.rows(done)


def test_a_deleted_job_is_gone_with_its_files_also_while_it_runs(jobs: JobClient, clip: Path) -> None:
    ended, under_way = jobs.submit(clip), jobs.submit(clip, fps=60)
    jobs.wait(ended)
    wait_until(lambda: jobs.done(under_way) > 0)
    for job_id in (ended, under_way):
        assert jobs.ask("DELETE", f"/v1/jobs/{job_id}").status_code == 204
        for path in ("", "/results", "/events", "/summary"):
            assert jobs.ask("GET", f"/v1/jobs/{job_id}{path}").status_code == 404
        assert jobs.ask("DELETE", f"/v1/jobs/{job_id}").status_code == 404
    wait_until(lambda: not {ended, under_way} & set(jobs.files()))


@pytest.mark.parametrize("path", ["", "/results", "/events", "/summary", "/timeline.png", "/annotated"])
@pytest.mark.parametrize("job_id", ["nobody", "%2e%2e%2fetc", "a:events", "%00"])
def test_a_job_that_is_not_there_is_a_404(jobs: JobClient, job_id: str, path: str) -> None:
    assert jobs.ask("GET", f"/v1/jobs/{job_id}{path}").status_code == 404


def test_jobs_are_listed_by_status_label_and_page(jobs: JobClient, done: str) -> None:
    labelled = jobs.ask("GET", "/v1/jobs", params={"label": "read only", "status": "succeeded"}).json()
    assert [job["id"] for job in labelled["jobs"]] == [done]
    assert jobs.ask("GET", "/v1/jobs", params={"label": "read only", "status": "failed"}).json()["jobs"] == []
    everything = jobs.ask("GET", "/v1/jobs").json()["jobs"]
    times = [job["created_s"] for job in everything]
    assert times == sorted(times, reverse=True)
    first = f"{everything[0]['created_s']!r}-{everything[0]['id']}"
    after_one = jobs.ask("GET", "/v1/jobs", params={"cursor": first}).json()["jobs"]
    assert [job["id"] for job in after_one] == [job["id"] for job in everything[1:]]
    for query in ({"status": "odd"}, {"cursor": "x"}, {"cursor": "9" * 30}, {"colour": "red"}):
        assert jobs.ask("GET", "/v1/jobs", params=query).status_code == 400


def events_of(jobs: JobClient, job_id: str, last: str = "") -> list[dict[str, Any]]:
    """All events until the stream ends."""
    headers = {"Last-Event-ID": last} if last else {}
    text = jobs.ask("GET", f"/v1/jobs/{job_id}/events", headers=headers).text
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append({"id": fields["id"], "event": fields["event"], "job": json.loads(fields["data"])})
    return found


def test_events_tell_of_progress_end_with_the_job_and_are_resumed(jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip, fps=25)
    events = events_of(jobs, job_id)
    assert events[-1]["job"]["state"] == "succeeded"
    assert {event["event"] for event in events} == {"state", "progress"}
    frames_done = [event["job"]["progress"]["frames_done"] for event in events]
    assert frames_done == sorted(frames_done)
    whole = events_of(jobs, job_id)
    assert whole[-1]["id"] == events[-1]["id"]
    assert events_of(jobs, job_id, last=events[-1]["id"]) == [], "there is nothing after the end"
    assert events_of(jobs, job_id, last=events[0]["id"])[-1]["id"] == events[-1]["id"]
    for nonsense in ("x", "5--5", "1-1-1", "9" * 30):
        assert events_of(jobs, job_id, last=nonsense)[-1]["job"]["state"] == "succeeded"


def test_the_events_of_a_job_that_is_deleted_end(jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip, fps=60)
    with httpx.stream("GET", f"{jobs.url}/v1/jobs/{job_id}/events", trust_env=False, timeout=30) as stream:
        lines = stream.iter_lines()
        next(lines)
        jobs.ask("DELETE", f"/v1/jobs/{job_id}")
        assert list(lines)


def test_the_events_of_all_jobs_tell_what_changes_and_what_is_gone(
    jobs: JobClient, running: Platform, clip: Path
) -> None:
    with contextlib.ExitStack() as stack:
        worker = running.child("-m jobs")
        worker.suspend()  # else the job may be planned before it is told of
        stack.callback(worker.resume)
        url = f"{jobs.url}/v1/jobs/events"
        stream = stack.enter_context(httpx.stream("GET", url, trust_env=False, timeout=30))
        lines = stream.iter_lines()
        next(lines)
        job_id = jobs.submit(clip, fps=25)  # so that it does not pass between two looks
        told = []
        for line in lines:
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
                if told[-1]["id"] == job_id:
                    worker.resume()
                if told[-1].get("state") == "succeeded":
                    jobs.ask("DELETE", f"/v1/jobs/{job_id}")
                if told[-1] == {"id": job_id}:
                    break
    states = [job["state"] for job in told if job["id"] == job_id and "state" in job]
    assert states[0] == "queued"
    assert {"running", "succeeded"} <= set(states)


@pytest.mark.long
def test_events_go_on_through_a_silence(jobs: JobClient) -> None:
    with httpx.stream("GET", f"{jobs.url}/v1/jobs/events", trust_env=False, timeout=30) as stream:
        comments = (line for line in stream.iter_lines() if line.startswith(":"))
        assert [next(comments), next(comments)] == [": still here"] * 2


def test_events_of_all_jobs_are_resumed(jobs: JobClient, clip: Path) -> None:
    job_id = jobs.submit(clip)
    jobs.wait(job_id)
    headers = {"Last-Event-ID": "0"}
    with httpx.stream("GET", f"{jobs.url}/v1/jobs/events", headers=headers, trust_env=False, timeout=30) as stream:
        assert any(f'"id":"{job_id}"' in line for line in stream.iter_lines())


def test_pages_lines_and_table_agree(jobs: JobClient, done: str) -> None:
    lines = jobs.rows(done)
    assert len(lines) == 40
    pages, cursor = [], "0"
    while cursor is not None:
        page = jobs.ask("GET", f"/v1/jobs/{done}/results", params={"cursor": cursor, "limit": 7}).json()
        assert len(page["rows"]) <= 7
        pages += page["rows"]
        cursor = page["next"]
    assert pages == lines
    table = jobs.ask("GET", f"/v1/jobs/{done}/results", headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    assert jobs.ask("GET", f"/v1/jobs/{done}/results", params={"format": "csv"}).text == table.text
    linked = jobs.ask("GET", f"/v1/jobs/{done}/results", params={"format": "ndjson"})
    assert [json.loads(line) for line in linked.text.splitlines()] == lines
    for row, line in zip(csv.DictReader(io.StringIO(table.text)), lines, strict=True):
        assert (int(row["frame"]), int(row["face_id"]), row["top"]) == (line["frame"], line["face_id"], line["top"])
        for label in LABELS:
            assert float(row[label]) == line["probabilities"][label]
            assert float(row[f"smoothed_{label}"]) == line["smoothed"][label]
        assert float(row["x"]) == line["box"]["x"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "5001"},
        {"cursor": "-1"},
        {"cursor": "3"},
        {"cursor": "9" * 30},
        {"x": "1"},
        {"format": "xml"},
    ],
)
def test_pages_that_are_not_there_are_refused(jobs: JobClient, done: str, query: dict[str, str]) -> None:
    assert jobs.ask("GET", f"/v1/jobs/{done}/results", params=query).status_code == 400


def test_the_summary_tells_what_the_rows_tell(jobs: JobClient, done: str) -> None:
    rows = jobs.rows(done)
    summary = jobs.ask("GET", f"/v1/jobs/{done}/summary").json()
    assert (summary["frames"], summary["frames_with_faces"], summary["unreadable_frames"]) == (40, 40, 0)
    (face,) = summary["faces"]
    assert (face["frames"], face["seconds_on_screen"]) == (40, 4.0)
    for label in LABELS:
        assert face["mean_probabilities"][label] == pytest.approx(
            np.mean([row["probabilities"][label] for row in rows]), abs=1e-5
        )
        assert face["share_of_time"][label] == sum(row["top"] == label for row in rows) / 40
        assert face["peaks"][label]["probability"] == pytest.approx(
            max(row["smoothed"][label] for row in rows), abs=1e-5
        )


@pytest.mark.parametrize("path", ["annotated", "timeline.png", "summary", "results?format=csv", "results"])
def test_heads_come_without_bodies(jobs: JobClient, done: str, path: str) -> None:
    """Over one connection: a body after the first head would be taken for the start of the second answer."""
    with httpx.Client(base_url=jobs.url, trust_env=False) as http:
        for _ in range(2):
            answer = http.head(f"/v1/jobs/{done}/{path}")
            assert (answer.status_code, answer.content) == (200, b"")


def test_the_timeline_is_a_picture(jobs: JobClient, done: str) -> None:
    answer = jobs.ask("GET", f"/v1/jobs/{done}/timeline.png")
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert answer.headers["Content-Type"] == "image/png"
    assert image is not None
    assert image.std() > 5


def test_the_annotated_video_is_as_long_and_large_as_the_video(jobs: JobClient, done: str, tmp_path: Path) -> None:
    answer = jobs.ask("GET", f"/v1/jobs/{done}/annotated")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/webm")
    (tmp_path / "annotated.webm").write_bytes(answer.content)
    video = cv2.VideoCapture(str(tmp_path / "annotated.webm"))
    count = 0
    while video.read()[0]:
        count += 1
    assert count == 100
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 480)
    video.release()
    part = jobs.ask("GET", f"/v1/jobs/{done}/annotated", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, answer.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(answer.content)}"
    assert jobs.ask("GET", f"/v1/jobs/{done}/annotated", headers={"Range": "bytes=-10"}).content == answer.content[-10:]
    for bad in ("bytes=9999999999-", "bytes=x-y", "lines=1-2"):
        assert jobs.ask("GET", f"/v1/jobs/{done}/annotated", headers={"Range": bad}).status_code == 416


def test_what_was_not_asked_for_is_a_404_and_what_is_not_ready_a_409(
    jobs: JobClient, running: Platform, clip: Path
) -> None:
    worker = running.child("-m jobs")
    worker.suspend()
    try:
        job_id = jobs.submit(clip)
        early = jobs.ask("GET", f"/v1/jobs/{job_id}/results")
        assert (early.status_code, "Retry-After" in early.headers) == (409, True)
    finally:
        worker.resume()
    jobs.wait(job_id)
    assert jobs.ask("GET", f"/v1/jobs/{job_id}/annotated").status_code == 404


async def test_a_job_and_a_live_session_give_the_same_probabilities(
    jobs: JobClient, running: Platform, tmp_path: Path, frames: list[bytes]
) -> None:
    path = write_motion_jpeg(tmp_path / "clip.avi", frames, 25.0)
    live = []
    async with live_session(running.url) as session:
        for jpeg in frames:
            answer = await session.result(jpeg)
            while answer.members.missing:  # others voted in the place of one that was late
                answer = await session.result(jpeg)
            assert len(answer.faces) == 1
            live.append(list(answer.faces[0].probabilities.values()))
    job_id = await asyncio.to_thread(jobs.submit, path, "clip.avi", fps=25)
    assert (await asyncio.to_thread(jobs.wait, job_id))["state"] == "succeeded"
    rows = await asyncio.to_thread(jobs.rows, job_id)
    assert [row["frame"] for row in rows] == list(range(len(frames)))
    batch = [list(row["probabilities"].values()) for row in rows]
    assert np.abs(np.array(batch) - np.array(live)).max() < 1e-4


def test_more_than_is_allowed_is_a_413(jobs: JobClient) -> None:
    answer = jobs.post(b"\0\0\0\x18ftypmp42" + bytes(31_000_000))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:thespis:problem:too_large")


class Receiver:
    """A server that keeps what it is told and answers what it is bidden, at last 200."""

    def __init__(self, *statuses: int) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        waiting = list(statuses)
        heard = self.heard

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(waiting.pop(0) if waiting else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_the_webhook_is_signed_and_tried_again_until_it_arrives(jobs: JobClient, clip: Path) -> None:
    with Receiver(500, 302) as receiver:
        job_id = jobs.submit(clip, fps=1, webhook_url=receiver.url)
        wait_until(lambda: len(receiver.heard) == 3, 40)
        headers, body = receiver.heard[-1]
    assert json.loads(body)["type"] == "job.succeeded"
    assert json.loads(body)["data"]["id"] == job_id
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert {heard["webhook-id"] for heard, _ in receiver.heard} == {headers["webhook-id"]}


def test_a_receiver_that_is_gone_is_told_no_more(jobs: JobClient, running: Platform, clip: Path) -> None:
    with Receiver(410) as gone, Receiver(500) as other:
        jobs.submit(clip, fps=1, webhook_url=gone.url)
        wait_until(lambda: len(gone.heard) == 1)
        jobs.submit(clip, fps=1, webhook_url=other.url)
        wait_until(lambda: len(other.heard) == 2)  # by then it would have been tried again
        assert len(gone.heard) == 1
    assert "webhook_given_up" in running.log.read_text()


@pytest.mark.long
def test_a_platform_as_it_comes_refuses_too_many_and_private_webhooks_and_goes_on_after_a_stop(
    tmp_path: Path, frames: list[bytes]
) -> None:
    path = write_motion_jpeg(tmp_path / "long.avi", frames * 6, 25.0)
    settings = {"THESPIS_MAX_UNFINISHED_JOBS": "1", "THESPIS_DETECTORS": "1"}
    with Platform(tmp_path / "up.log", **settings) as platform:
        jobs = JobClient(platform)
        refused = jobs.post(path, webhook_url="http://127.0.0.1:9/hook")
        assert (refused.status_code, "private network" in refused.text) == (422, True)
        done = jobs.submit(path, fps=1)
        jobs.wait(done)
        rows = jobs.rows(done)
        unfinished = jobs.submit(path, fps=25, label="goes on", key="mine")
        many = jobs.post(path)
        assert (many.status_code, "Retry-After" in many.headers) == (429, True)
        assert jobs.post(path, fps=25, label="goes on", key="mine").json()["id"] == unfinished, "it is there already"
        wait_until(lambda: jobs.done(unfinished) > 0)
        assert platform.stop() == 0
    with Platform(tmp_path / "up.log", **settings) as platform:
        jobs = JobClient(platform)
        assert jobs.rows(done) == rows
        assert jobs.wait(unfinished)["state"] == "succeeded"
        assert jobs.frames(unfinished) == list(range(300))
        jobs.only_results_are_left(done, unfinished)


@pytest.mark.long
def test_results_expire_with_their_files_and_the_job_is_still_listed(tmp_path: Path, frames: list[bytes]) -> None:
    path = write_clip(tmp_path / "clip.mp4", decoded(frames[:5]), 25.0)
    settings = {"THESPIS_RESULTS_KEPT_S": "2", "THESPIS_DETECTORS": "1"}
    with Platform(tmp_path / "up.log", **settings) as platform:
        jobs = JobClient(platform)
        job_id = jobs.submit(path, annotated=True)
        job = jobs.wait(job_id)
        assert job["expires_s"] - job["ended_s"] == pytest.approx(2, abs=0.5)
        wait_until(lambda: jobs.view(job_id)["state"] == "expired", 40)
        for part in ("results", "summary", "timeline.png", "annotated"):
            answer = jobs.ask("GET", f"/v1/jobs/{job_id}/{part}")
            assert (answer.status_code, answer.json()["type"]) == (410, "urn:thespis:problem:expired")
        assert jobs.files() == {}
        assert [found["id"] for found in jobs.ask("GET", "/v1/jobs", params={"status": "expired"}).json()["jobs"]] == [
            job_id
        ]
