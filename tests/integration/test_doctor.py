"""`thespis doctor` on a sound machine, on one that is not, and before a running platform."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from runtime.model_tree import read_ensemble
from tests.integration.redis_server import redis_server
from tests.platform_process import ROOT, Platform
from thespis.doctor import Finding
from thespis.doctor_platform import tls

Findings = dict[str, Finding]


def doctor(*arguments: str, **environment: str) -> tuple[int, Findings]:
    """The exit code and what was found; the worse where a name comes twice."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THESPIS_")}
    run = subprocess.run(
        [sys.executable, "-m", "thespis.command_line", "doctor", "--json", *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        check=False,
    )
    found = msgspec.json.decode(run.stdout, type=list[Finding])
    return run.returncode, {finding.name: finding for finding in sorted(found, key=lambda one: one.state == "fail")}


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def test_a_sound_machine_fails_in_nothing(tmp_path: Path) -> None:
    code, found = doctor(THESPIS_DATA_PATH=str(tmp_path), THESPIS_PORT="0")
    assert (code, [finding for finding in found.values() if finding.state == "fail"]) == (0, [])
    assert "cores" in found["cpu"].found
    assert found["model residual"].state == "ok"


def test_people_get_a_line_each_and_what_to_do() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "thespis.command_line", "doctor", "--server", "http://127.0.0.1:9"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("fail  server"))
    assert lines[at + 1].strip().startswith("→ is it running")


def test_a_model_file_that_was_changed_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models", tmp_path / "models")
    versions = {name: str(member.version) for name, member in read_ensemble(ROOT / "models").members.items()}
    with (tmp_path / "models" / "five_layer" / versions["five_layer"] / "model.tflite").open("ab") as file:
        file.write(b"x")
    (tmp_path / "models" / "baseline" / versions["baseline"] / "saved_model.pb").unlink()
    code, found = doctor(THESPIS_MODELS_PATH=str(tmp_path / "models"))
    assert code == 1
    assert (found["model five_layer"].state, "model.tflite" in found["model five_layer"].found) == ("fail", True)
    assert "saved_model.pb" in found["model baseline"].found
    assert found["model residual"].state == "ok"
    _, found = doctor(THESPIS_MODELS_PATH=str(tmp_path))
    assert (found["models"].state, "models.toml is missing" in found["models"].found) == ("fail", True)


def test_a_redis_that_would_write_frames_to_a_disk_fails(redis_url: str) -> None:
    _, found = doctor(THESPIS_REDIS_URL=redis_url, THESPIS_JOBS_REDIS_URL=redis_url)
    assert found["redis live"].state == "ok"
    assert found["redis jobs"].state == "warn", "jobs would not survive it"
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("save", "60 1")
    code, found = doctor(THESPIS_REDIS_URL=redis_url)
    assert (code, found["redis live"].state) == (1, "fail")
    _, found = doctor(THESPIS_REDIS_URL="redis://127.0.0.1:9/0")
    assert (found["redis live"].state, "can't be reached" in found["redis live"].found) == ("fail", True)
    _, found = doctor(THESPIS_REDIS_URL="localhost:6379/0")
    assert (found["redis live"].state, "no address of a Redis" in found["redis live"].found) == ("fail", True)


def test_a_redis_is_found_by_the_file_that_holds_its_address(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "redis_url").write_text(f"{redis_url}\n")
    _, found = doctor(THESPIS_REDIS_URL_FILE=str(tmp_path / "redis_url"))
    assert (found["redis live"].state, "reachable" in found["redis live"].found) == ("ok", True)
    code, found = doctor(THESPIS_REDIS_URL_FILE=str(tmp_path / "gone"))
    assert (code, found["redis live"].state, "can't be read" in found["redis live"].found) == (1, "fail", True)


def test_each_member_is_asked(platform: Platform) -> None:
    members = platform.ensemble_worker().environ()["THESPIS_MEMBERS"]
    code, found = doctor("--server", platform.url, THESPIS_MEMBERS=f"{members},gone=127.0.0.1:9")
    assert code == 1
    asked = {name: finding.state for name, finding in found.items() if name.startswith("member ")}
    ours = read_ensemble(ROOT / "models").members
    assert asked == {f"member {name}": "ok" for name in ours} | {"member gone": "fail"}
    assert found["server"].state == "ok"


def test_a_port_that_is_taken_and_a_bad_setting_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _, found = doctor(THESPIS_PORT=str(taken.getsockname()[1]))
        assert found["port"].state == "warn"
    code, found = doctor(THESPIS_PORT="high")
    assert (code, found["settings"].state) == (1, "fail")


def test_a_page_from_another_machine_needs_tls() -> None:
    assert tls("http://127.0.0.1:8080").state == "ok"
    without = tls("http://thespis.example")
    assert (without.state, "camera" in without.advice) == ("fail", True)


def test_a_certificate_that_browsers_do_not_trust_fails(untrusted: str) -> None:
    finding = tls(untrusted)
    assert (finding.state, "self-signed" in finding.found, "root certificate" in finding.advice) == ("fail", True, True)
