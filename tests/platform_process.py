"""A whole platform as a user starts it: `thespis up` in a process of its own."""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

import psutil

from runtime.parent import end_with_parent
from thespis.plan import ENDING_ORDER
from thespis.supervisor import ENDING_TIMEOUT_S

ROOT = Path(__file__).parent.parent
THESPIS_UP = (sys.executable, "-m", "thespis.command_line", "up", "--port", "0")
START_TIMEOUT_S = 60.0
PATIENT = {"THESPIS_PREDICT_TIMEOUT_MS": "2000"}
"""On a busy machine a member may be later than 400 ms; frames have their deadline anyway."""
STOP_TIMEOUT_S = len(ENDING_ORDER) * ENDING_TIMEOUT_S + 10.0
"""Roles end one after the other, and who does not go in time is killed."""


class Platform:
    """A running platform; its processes can be looked at and killed."""

    def __init__(self, log: Path, command: Sequence[str] = THESPIS_UP, cwd: Path = ROOT, **environment: str) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env={
                    **clean_environment(),
                    "THESPIS_DATA_PATH": str(log.parent / "data"),
                    # In tests nothing live is to be spared, and other tests may want all of the processor.
                    "THESPIS_JOBS_STAND_BACK": "false",
                    **PATIENT,
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=partial(_prepared, os.getpid()),
            )
        self.url = self._wait_for_address()

    def _wait_for_address(self) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            end = time.monotonic() + START_TIMEOUT_S
            while selector.select(end - time.monotonic()):
                line = self.process.stdout.readline().decode()
                if found := re.search(r"Thespis is ready: (\S+)", line):
                    return found[1]
                if not line:
                    break
        self.stop()
        raise AssertionError(f"the platform did not start:\n{self.log.read_text()[-4000:]}")

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The one child whose command line has `word` in it."""
        found = self.children_with(word)
        assert len(found) == 1, f"{len(found)} processes with {word}"
        return found[0]

    def children_with(self, word: str) -> list[psutil.Process]:
        return [child for child in self.children if word in _command(child)]

    def ensemble_worker(self, *, jobs: bool = False) -> psutil.Process:
        """The first that votes on live faces, or on those of jobs."""
        workers = self.children_with("-m ensemble_worker")
        return next(worker for worker in workers if _command(worker).endswith(" jobs") == jobs)

    def member(self, name: str) -> psutil.Process:
        """The model server of that name that votes on live faces."""
        return self.child(f"--port={self.member_port(name)}")

    def member_port(self, name: str, *, jobs: bool = False) -> str:
        """Where live faces, or those of jobs, are voted on."""
        targets = self.ensemble_worker(jobs=jobs).environ()["THESPIS_MEMBERS"]
        return dict(target.split("=127.0.0.1:") for target in targets.split(","))[name]

    def stop(self) -> int:
        """Stops it as Ctrl-C or a service manager would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _prepared(parent: int) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests under nohup hands down that it is ignored
    end_with_parent(parent, signal.SIGTERM)  # pytest may be terminated


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def clean_environment() -> dict[str, str]:
    """Ours without the settings of whoever runs the tests, and not as a child of make."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("THESPIS_", "MAKE"))}
