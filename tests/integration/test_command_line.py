"""The `thespis` command as a person types it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from contracts.labels import LABELS
from runtime.model_tree import read_ensemble
from tests.platform_process import PATIENT, ROOT, STOP_TIMEOUT_S, Platform, clean_environment
from tests.video_clips import numbered, write_clip
from tests.waiting import wait_until
from thespis.sample_face import astronaut_path


def thespis(*arguments: str, timeout: float = 100, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**clean_environment(), **PATIENT, **environment}
    return subprocess.run(
        [sys.executable, "-m", "thespis.command_line", *arguments],
        cwd=ROOT, env=given, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip


def test_analyze_prints_each_face_with_seven_bars(platform: Platform) -> None:
    run = thespis("analyze", str(astronaut_path()), "--server", platform.url)
    assert run.returncode == 0
    assert "face 1" in run.stdout
    assert [label for label in LABELS if label not in run.stdout] == []
    assert run.stdout.count("%") == 7


def test_analyze_as_json_prints_the_reply_and_nothing_else(platform: Platform) -> None:
    run = thespis("analyze", str(astronaut_path()), "--server", platform.url, "--json")
    (face,) = json.loads(run.stdout)["faces"]
    assert list(face["probabilities"]) == list(LABELS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert run.stderr == ""


def test_analyze_without_a_server_starts_one_for_the_call() -> None:
    run = thespis("analyze", str(astronaut_path()), "--json")
    assert run.returncode == 0, run.stderr
    assert len(json.loads(run.stdout)["faces"]) == 1


def test_analyze_of_what_is_neither_is_told_before_anything_is_started(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture, and no video at all")
    run = thespis("analyze", str(text))
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert "no JPEG, PNG or WebP" in line


@pytest.mark.long
def test_analyze_that_is_terminated_leaves_no_video_behind(tmp_path: Path) -> None:
    film, passing = write_clip(tmp_path / "film.mp4", numbered(500)), tmp_path / "passing"
    passing.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "thespis.command_line", "analyze", str(film)],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(passing)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: any(passing.glob("thespis-*/artefacts/**/upload")), 60)
    process.terminate()
    assert process.wait(STOP_TIMEOUT_S) == 128 + signal.SIGTERM
    assert list(passing.iterdir()) == []


@pytest.mark.long
def test_analyze_of_a_video_ends_when_what_works_on_jobs_can_not_be_started(tmp_path: Path) -> None:
    """Live frames go through all the same; the job would wait for ever."""
    film = write_clip(tmp_path / "film.mp4", numbered(5))
    run = thespis("analyze", str(film), TMPDIR=str(tmp_path / "missing"))
    assert run.returncode == 1
    assert "could not be started; its message stands above" in run.stderr
    assert f"TMPDIR={tmp_path / 'missing'} can't be written to" in run.stderr


def test_analyze_of_a_server_that_is_not_there_is_one_clear_line() -> None:
    run = thespis("analyze", str(astronaut_path()), "--server", "http://127.0.0.1:9")
    assert run.returncode == 1
    assert run.stdout == ""
    assert "is it running" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_a_one_line_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = thespis("up", "--port", str(taken.getsockname()[1]))
    assert run.returncode == 1
    assert "is taken" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "environment", "word"),
    [
        (("--port", "99999"), {}, "THESPIS_PORT"),
        (("--detectors", "0"), {}, "THESPIS_DETECTORS"),
        ((), {"THESPIS_ENSEMBLES": "many"}, "THESPIS_ENSEMBLES"),
        (("--data-path", "README.md"), {}, "THESPIS_DATA_PATH"),
        ((), {"THESPIS_REDIS_URL": "localhost:6379"}, "THESPIS_REDIS_URL"),
        ((), {"THESPIS_MODELS_PATH": "/nowhere"}, "models.toml is missing"),
    ],
)
def test_a_setting_that_can_not_be_used_is_a_one_line_error(
    flags: tuple[str, ...], environment: dict[str, str], word: str
) -> None:
    run = thespis("up", *flags, **environment)
    assert run.returncode == 1
    assert word in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_records_of_jobs_that_can_not_be_read_are_told_instead_of_a_platform_without_jobs(tmp_path: Path) -> None:
    records = tmp_path / "data" / "redis" / "appendonlydir"
    records.mkdir(parents=True)
    (records / "appendonly.aof.manifest").write_text("no manifest")
    run = thespis("up", "--port", "0", "--data-path", str(tmp_path / "data"), THESPIS_START_TIMEOUT_S="3")
    assert run.returncode == 1
    assert "is ready" not in run.stdout
    assert f"what lies in {tmp_path / 'data' / 'redis'}: " in run.stderr.splitlines()[-1]


def test_more_workers_are_started_when_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    log = tmp_path_factory.mktemp("more") / "up.log"
    with Platform(log, THESPIS_DETECTORS="3", THESPIS_ENSEMBLES="2", THESPIS_JOB_WORKERS="0") as platform:
        assert len(platform.children_with("-m detector_worker")) == 3
        assert len(platform.children_with("-m ensemble_worker")) == 2


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_make_up_takes_the_platform_with_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    log = tmp_path_factory.mktemp("make") / "up.log"
    with Platform(log, ("make", "--silent", "up"), THESPIS_PORT="0") as platform:
        children = platform.children
        assert len(children) > 6
        platform.process.kill()
        wait_until(lambda: not any(lives(child) for child in children))


def test_the_bench_says_which_sessions_it_can_not_read() -> None:
    run = thespis("bench", "live", "--sessions", "one")
    assert run.returncode == 2
    assert "--sessions" in run.stderr


@pytest.mark.long
def test_the_bench_prints_one_object_with_the_live_figures_and_both_references() -> None:
    run = thespis("bench", "live", "--sessions", "1,2", "--seconds", "1", "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert {"cpu", "cores"} <= set(report["machine"])
    assert report["frame"]["width"] == 640
    for reference in ("in_process", "original_loop"):
        assert report[reference]["p50_ms"] > 0
        assert report[reference]["frames_per_s"] > 0
    assert [row["sessions"] for row in report["live"]] == [1, 2]
    for row in report["live"]:
        assert row["answered_per_s"] > 0
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert {"gateway", "detector_worker", "ensemble_worker", "redis"} <= set(row["cpu_ms_per_frame"])
        assert {"gateway", "detector_worker", "ensemble_worker", "baseline"} <= set(row["rss_mb"])


@pytest.mark.parametrize(("flag", "key"), [("--original", "original_loop"), ("--in-process", "in_process")])
def test_each_reference_can_be_measured_alone(flag: str, key: str) -> None:
    run = thespis("bench", "live", flag, "--seconds", "1", "--json")
    assert run.returncode == 0, run.stderr
    assert set(json.loads(run.stdout)) == {"machine", "frame", "vote_profile", key}


def test_the_bench_names_the_votes_that_there_are() -> None:
    run = thespis("bench", "live", "--vote-profile", "best")
    assert run.returncode == 2
    assert "--vote-profile" in run.stderr
    assert "one of default, equal, fast, ferplus" in run.stderr


@pytest.mark.long
def test_a_live_bench_asks_only_the_members_of_the_vote_that_it_is_given() -> None:
    arguments = ("--sessions", "2", "--seconds", "1", "--vote-profile", "fast", "--json")
    run = thespis("bench", "live", *arguments)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["vote_profile"] == "fast"
    (row,) = report["live"]
    ensemble = read_ensemble(ROOT / "models")
    costs = {name: row["cpu_ms_per_frame"][name] for name in ensemble.members}
    asked = {name: costs.pop(name) for name in ensemble.votes["fast"].weights}
    assert min(asked.values()) > 0.0
    assert max(costs.values()) < max(asked.values()) / 4, "they have no weight in the vote"


@pytest.mark.parametrize("words", [(), ("up",), ("analyze",), ("bench",), ("bench", "live")])
def test_help_says_what_each_command_is_for(words: tuple[str, ...]) -> None:
    run = thespis(*words, "--help")
    assert run.returncode == 0
    assert "Usage:" in run.stdout
    assert len(run.stdout.splitlines()) > 6
