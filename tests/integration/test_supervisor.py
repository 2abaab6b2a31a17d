"""The supervisor with small programs of a test's own."""

import os
import sys
from pathlib import Path

import psutil
import structlog

from tests.waiting import wait_until_async
from thespis.plan import Program
from thespis.supervisor import Supervisor

ENDS_SLOWLY = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit()))
print("up", file=open(sys.argv[1], "a"), flush=True)
signal.pause()
"""
NOTES_AND_WAITS = "import os, sys, signal; print(os.getpid(), file=open(sys.argv[1], 'a'), flush=True); signal.pause()"


def program(role: str, source: str, *arguments: str) -> Program:
    return Program(role, role, (sys.executable, "-c", source, *arguments), os.environ)


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def test_a_fallen_child_is_started_again(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    supervisor = Supervisor([program("gateway", NOTES_AND_WAITS, str(noted))])
    supervisor.start()

    async def seen(count: int) -> bool:
        return len(pids(noted)) == count

    await wait_until_async(lambda: seen(1))
    psutil.Process(pids(noted)[0]).kill()
    await wait_until_async(lambda: seen(2))
    await supervisor.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids(noted))


async def test_a_child_that_falls_just_before_the_end_is_not_left_behind(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    slow = tmp_path / "slow"
    programs = [program("gateway", NOTES_AND_WAITS, str(noted)), program("redis", ENDS_SLOWLY, str(slow))]
    supervisor = Supervisor(programs)
    others = psutil.Process().children()
    with structlog.testing.capture_logs() as logs:
        supervisor.start()

        async def noted_one() -> bool:
            return len(pids(noted)) == 1 and slow.exists()

        async def fell() -> bool:
            return any(entry["event"] == "child_fell" for entry in logs)

        await wait_until_async(noted_one)
        psutil.Process(pids(noted)[0]).kill()
        await wait_until_async(fell)  # now it waits to be started again
        await supervisor.stop()  # its turn comes and goes before it is there again
    assert not any(psutil.pid_exists(pid) for pid in pids(noted))
    assert psutil.Process().children() == others


async def test_children_hear_no_ctrl_c_but_share_our_session_within_which_jobs_can_stand_back(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    supervisor = Supervisor([program("gateway", NOTES_AND_WAITS, str(noted))])
    supervisor.start()

    async def noted_one() -> bool:
        return len(pids(noted)) == 1

    await wait_until_async(noted_one)
    child = pids(noted)[0]
    assert os.getpgid(child) == child
    assert os.getsid(child) == os.getsid(0)
    await supervisor.stop()
