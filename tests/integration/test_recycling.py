"""A worker that has grown too large ends after its task and is started anew; no frame and no job notices."""

from pathlib import Path

import pytest

from contracts.protocol import Dropped, Result
from tests.integration.job_client import JobClient
from tests.integration.live_session import live_session
from tests.platform_process import Platform
from tests.video_clips import write_motion_jpeg
from tests.waiting import wait_until_async


@pytest.mark.timeout(300)
@pytest.mark.long
async def test_workers_that_are_too_large_are_replaced_and_nothing_is_lost(tmp_path: Path, frames: list[bytes]) -> None:
    with Platform(tmp_path / "up.log", THESPIS_MAX_WORKER_RSS_MB="1", THESPIS_ENSEMBLES="2") as platform:

        def recycled() -> int:
            return platform.log.read_text().count("worker_recycled")

        async with live_session(platform.url) as session:

            async def ended_and_answered() -> bool:
                await session.ask(frames[0])
                return recycled() >= 8

            await wait_until_async(ended_and_answered, 120.0)
            answers = session.answers()
        assert session.ids() == list(range(1, len(answers) + 1))
        assert {type(answer) for answer in answers} <= {Result, Dropped}
        jobs = JobClient(platform)
        job_id = jobs.submit(write_motion_jpeg(tmp_path / "clip.avi", frames[:25], 25.0), fps=5)
        job = jobs.wait(job_id, 120.0)
        assert (job["state"], job["errors"], jobs.frames(job_id)) == ("succeeded", [], list(range(5)))
        assert "child_fell" not in platform.log.read_text()
