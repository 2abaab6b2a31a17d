"""deploy/backup.sh and restore.sh with a `docker` that only writes down what it is asked; tests/compose has another."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.deploy.compose_files import ROOT

DOCKER = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
*"info persistence"*) echo aof_rewrite_in_progress:0 ;;
*"exec -T redis_jobs sh -c tar"*) tar -C / -c etc/hostname; [ -z "$BREAKS" ] || exit 2 ;;
*"exec -T gateway sh -c tar"*) [ -z "$STOPPED" ] || exit 1; tar -C / -c etc/hostname ;;
*"ps -q"*) [ -z "$RUNS" ] || echo a-container ;;
*"run --rm"*) cat >/dev/null ;;
esac
"""

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """script(name, **environment) -> the ended script, called from elsewhere with a folder beside it."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)

    def run(name: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        told = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls")}
        told |= dict.fromkeys(("BREAKS", "STOPPED", "RUNS"), "")
        return subprocess.run(
            [ROOT / "deploy" / name, "copy"],
            cwd=tmp_path, env={**os.environ, **told, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def restored(tmp_path: Path) -> list[str]:
    return [call for call in (tmp_path / "calls").read_text().splitlines() if "run --rm" in call]


def test_a_copy_lies_where_it_was_asked_for_and_nobody_else_can_read_it(script: Script, tmp_path: Path) -> None:
    assert script("backup.sh").returncode == 0
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "copy").iterdir()}
    assert modes == {"jobs.tar": 0o600, "artefacts.tar": 0o600}


@pytest.mark.parametrize("fault", ["BREAKS", "STOPPED"])
def test_a_copy_that_fails_leaves_the_last_one_as_it_was(script: Script, tmp_path: Path, fault: str) -> None:
    script("backup.sh")
    for name in ("jobs.tar", "artefacts.tar"):
        (tmp_path / "copy" / name).write_bytes(b"the last one")
    assert script("backup.sh", **{fault: "yes"}).returncode != 0
    for name in ("jobs.tar", "artefacts.tar"):
        assert (tmp_path / "copy" / name).read_bytes() == b"the last one"


def test_a_copy_is_put_back_where_nothing_runs(script: Script, tmp_path: Path) -> None:
    script("backup.sh")
    assert script("restore.sh").returncode == 0
    assert len(restored(tmp_path)) == 4, "both are unpacked before either takes the place of what was there"


def test_nothing_is_touched_while_the_platform_runs_or_where_the_copy_is_broken(script: Script, tmp_path: Path) -> None:
    script("backup.sh")
    running = script("restore.sh", RUNS="yes")
    assert (running.returncode, "docker compose down" in running.stderr) == (1, True)
    (tmp_path / "copy" / "artefacts.tar").write_bytes(b"no archive")
    assert script("restore.sh").returncode != 0
    assert restored(tmp_path) == []
