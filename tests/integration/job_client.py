"""Jobs over HTTP, as a client without our library would do it, and what they leave in the data folder."""

import json
import os
import ssl
from pathlib import Path
from typing import Any, Protocol

import httpx

from contracts.jobs import FINAL_STATES
from tests.waiting import wait_until

RESULTS = {"rows.ndjson", "summary.json", "timeline.png"}


class Served(Protocol):
    """A platform, whoever started it."""

    @property
    def url(self) -> str: ...
    @property
    def log(self) -> Path: ...


class JobClient:
    """Speaks to one platform; connections are made anew for each request, so a gateway may fall in between."""

    def __init__(self, platform: Served, tls: ssl.SSLContext | bool = True, api_key: str = "") -> None:
        self.url = platform.url
        self.tls = tls
        self.headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.artefacts = platform.log.parent / "data" / "artefacts"

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:
        tls = self.tls if self.url.startswith("https") else False  # what authorities there are takes long to read
        with httpx.Client(base_url=self.url, headers=self.headers, trust_env=False, timeout=60, verify=tls) as http:
            return http.request(method, path, **named)

    def post(self, video: Path | bytes, name: str = "clip", key: str = "", **options: Any) -> httpx.Response:
        content = video.read_bytes() if isinstance(video, Path) else video
        headers = {"Idempotency-Key": key} if key else {}
        files = {"options": (None, json.dumps(options)), "video": (name, content)}
        return self.ask("POST", "/v1/jobs", files=files, headers=headers)

    def submit(self, video: Path | bytes, name: str = "clip", **options: Any) -> str:
        """The id of the new job."""
        answer = self.post(video, name, **options)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['id']}"
        return str(answer.json()["id"])

    def view(self, job_id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def done(self, job_id: str) -> int:
        """How many frames are done; -1 while the gateway or Redis is away."""
        try:
            answer = self.ask("GET", f"/v1/jobs/{job_id}")
        except httpx.TransportError:
            return -1
        return int(answer.json()["progress"]["frames_done"]) if answer.status_code == 200 else -1

    def ended(self, job_id: str) -> bool:
        try:
            answer = self.ask("GET", f"/v1/jobs/{job_id}")
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["state"] in FINAL_STATES

    def wait(self, job_id: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """The job when it has ended."""
        wait_until(lambda: self.ended(job_id), timeout_s)
        return self.view(job_id)

    def rows(self, job_id: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/v1/jobs/{job_id}/results", headers={"Accept": "application/x-ndjson"})
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def frames(self, job_id: str) -> list[int]:
        return [row["frame"] for row in self.rows(job_id)]

    def files(self) -> dict[str, set[str]]:
        """Job -> the paths of its files. What vanishes while we look is not there."""
        found: dict[str, set[str]] = {}
        jobs = self.artefacts / "jobs"
        for folder, _, names in os.walk(jobs):
            for name in names:
                job_id, *rest = (Path(folder) / name).relative_to(jobs).parts
                found.setdefault(job_id, set()).add("/".join(rest))
        return found

    def only_results_are_left(self, *job_ids: str, timeout_s: float = 30.0) -> None:
        """Waits until the data folder holds the results of these jobs and nothing else."""
        expected = {job_id: {f"results/{name}" for name in RESULTS} for job_id in job_ids}
        try:
            wait_until(lambda: self.files() == expected, timeout_s)
        except AssertionError:
            raise AssertionError(f"other files are left: {self.files()}") from None
