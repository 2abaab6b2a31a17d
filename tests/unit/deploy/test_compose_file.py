"""The rules that every service of docker-compose.yml keeps."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import celery
import pytest

from ensemble_worker.segments import PREDICT_TIMEOUT_S
from ensemble_worker.settings import EnsembleSettings
from gateway.sessions import CLOSE_TIMEOUT_S
from gateway.settings import GatewaySettings
from jobs import webhook
from jobs.working import HAND_BACK_AFTER_S
from model_server.__main__ import GRACE_SECONDS
from runtime.model_tree import read_ensemble
from tests.unit.deploy.compose_files import ROOT, services, told

REDIS_LOOK_S = 1.0
"""kombu's own: a worker looks up from its wait for work once a second."""

ENSEMBLE = read_ensemble(ROOT / "models")
ALL = services()
GATEWAY_S = 2 * GatewaySettings().drain_timeout_s + CLOSE_TIMEOUT_S
FRAME_S = REDIS_LOOK_S + GatewaySettings().frame_deadline_ms / 1000
EXPLANATION_S = (GatewaySettings().picture_deadline_ms + EnsembleSettings().predict_timeout_ms) / 1000
"""Until the picture's deadline, which it looks at after each call of the members."""

SERVERS = {*ENSEMBLE.members, "members_together"}
DRAINING_S: dict[str, float] = {
    "gateway": GATEWAY_S,
    "door": GATEWAY_S,  # carries the gateways' goodbyes
    "detector_worker": FRAME_S,
    "ensemble_worker": REDIS_LOOK_S + EXPLANATION_S,
    "job_worker": HAND_BACK_AFTER_S + webhook.TIMEOUT_S,
    "detector_worker_jobs": HAND_BACK_AFTER_S + REDIS_LOOK_S,
    "ensemble_worker_jobs": HAND_BACK_AFTER_S + PREDICT_TIMEOUT_S,
    **dict.fromkeys(SERVERS, GRACE_SECONDS),
    "redis_live": REDIS_LOOK_S,
    "redis_jobs": REDIS_LOOK_S,  # each change is on the disk already
}
"""How long each may take to end, by its own settings: docs/operations.md, Stop and restart."""


@pytest.mark.parametrize("file", ["docker-compose.yml", "deploy/compose.embedded.yml"])
def test_what_is_built_here_is_never_taken_from_a_hub_where_anybody_may_have_its_name(file: str) -> None:
    ours = {name: one for name, one in services(file).items() if one.get("image", "").startswith("thespis/")}
    assert ours
    assert {name: one.get("pull_policy") for name, one in ours.items()} == dict.fromkeys(ours, "never")


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_service_has_no_rights_and_no_room_that_it_does_not_need(name: str) -> None:
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] <= (1024 if name in SERVERS else 256)


def test_only_the_door_can_be_reached_from_other_machines() -> None:
    published = {name: service["ports"] for name, service in ALL.items() if service.get("ports")}
    assert [name for name, ports in published.items() if not all(port.startswith("127.0.0.1:") for port in ports)] == [
        "door"
    ]


def test_no_secret_is_put_on_a_command_line() -> None:
    files = [ROOT / "docker-compose.yml", *(ROOT / "deploy").glob("compose.*.yml")]
    for name, service in (pair for file in files for pair in services(str(file)).items()):
        line = f"{service.get('entrypoint')} {service.get('command')}"
        assert not re.search(r"(\$\(|`|<).*/secrets/", line), name


def test_flower_takes_its_broker_from_the_file_with_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path: f"redis://:secret@{path.name}:6379/0\n")
    app = celery.Celery()
    app.config_from_object(SimpleNamespace(**runpy.run_path(str(ROOT / "deploy" / "observability" / "flower.py"))))
    assert app.conf.broker_url == "redis://:secret@redis_url:6379/0"


def test_each_member_has_a_server_and_an_address() -> None:
    members = told(ALL["ensemble_worker"], "THESPIS_MEMBERS")
    assert dict(part.split("=") for part in members.split(", ")) == {name: f"{name}:8500" for name in ENSEMBLE.members}
    assert set(ENSEMBLE.members) <= set(ALL)
    assert set(ALL["members_together"]["networks"]["members"]["aliases"]) == set(ENSEMBLE.members)


def test_jobs_workers_ask_the_same_members() -> None:
    assert ALL["ensemble_worker_jobs"]["environment"] == ALL["ensemble_worker"]["environment"]


def test_only_those_who_ask_members_share_a_network_with_them() -> None:
    beside_members = {name for name, service in ALL.items() if "members" in service.get("networks", [])}
    observers = {name for name in beside_members if ALL[name].get("profiles") == ["observability"]}
    assert beside_members - observers == {*SERVERS, "ensemble_worker", "ensemble_worker_jobs"}


def test_the_embedded_servers_have_the_same_flags_and_the_file_for_bare_machines() -> None:
    real = ALL["residual"]["entrypoint"]
    assert set(ENSEMBLE.members) <= services("deploy/compose.embedded.yml").keys()
    for name, service in services("deploy/compose.embedded.yml").items():
        assert name in ALL
        own = [flag for flag in service["entrypoint"] if flag.startswith("--") and flag not in real]
        assert own == ["--host=0.0.0.0", f"--model_file={ENSEMBLE.bare_machine_file}"]
        assert service["entrypoint"][-len(real) + 1 :] == real[1:]


def test_a_second_shard_shares_door_members_and_jobs_with_the_first_and_nothing_else() -> None:
    everything = services("deploy/compose.sharded.yml")
    shard = {name: service for name, service in everything.items() if name not in ALL}
    for name, service in shard.items():
        original = name.removesuffix("_b")
        assert service["extends"] == {"file": "docker-compose.yml", "service": original}
        assert set(service["networks"]) == {network.replace("live", "live_b") for network in ALL[original]["networks"]}
    assert {name.removesuffix("_b") for name in shard} == {
        name for name, service in ALL.items() if "live" in service.get("networks", []) and not service.get("profiles")
    }
    assert shard["redis_live_b"]["networks"]["live_b"]["aliases"] == ["redis_live"]
    assert shard["gateway_b"]["networks"]["door"]["aliases"] == ["gateway"]
    observers = {name: service for name, service in everything.items() if name in ALL}
    assert observers == {name: {"networks": ["live_b"]} for name in ("prometheus", "collector")}


@pytest.mark.parametrize("name", sorted(DRAINING_S))
def test_a_service_has_time_to_end_what_it_has_in_hand_before_it_is_killed(name: str) -> None:
    assert seconds(ALL[name]) >= DRAINING_S[name]


def test_the_times_of_all_services_that_have_work_in_hand_are_known() -> None:
    others = {name for name, service in ALL.items() if service.get("profiles") == ["observability"]}
    once = {name for name, service in ALL.items() if service.get("restart") == "no"}
    assert set(DRAINING_S) == set(ALL) - others - once
    assert seconds(ALL["door"]) >= seconds(ALL["gateway"])


SHARDED = services("deploy/compose.sharded.yml") | ALL
LIVE_WORK = ("detector_worker", "ensemble_worker")
STOPPED_AFTER: dict[str, set[str]] = {
    "gateway": {"door", "redis_live", "redis_jobs", *LIVE_WORK, *SERVERS},
    "gateway_b": {"door", "redis_live_b", "redis_jobs", *(f"{name}_b" for name in LIVE_WORK), *SERVERS},
    "detector_worker": {"redis_live"},
    "detector_worker_b": {"redis_live_b"},
    "ensemble_worker": {"redis_live", *SERVERS},
    "ensemble_worker_b": {"redis_live_b", *SERVERS},
    "job_worker": {"redis_jobs"},
    "detector_worker_jobs": {"redis_jobs"},
    "ensemble_worker_jobs": {"redis_jobs", *SERVERS},
}
"""Service -> what it needs until it has ended, to answer what it has in hand and to say goodbye."""


@pytest.mark.parametrize("name", sorted(STOPPED_AFTER))
def test_a_service_ends_before_what_it_needs_for_its_last_answers(name: str) -> None:
    """Compose stops a service when all those that depend on it have ended."""
    assert name not in needed_by(name)
    assert needed_by(name) >= STOPPED_AFTER[name]


def needed_by(name: str) -> set[str]:
    """What it depends on, and what those do."""
    direct = set(SHARDED[name].get("depends_on", {}))
    if "extends" in SHARDED[name]:
        direct |= set(ALL[SHARDED[name]["extends"]["service"]]["depends_on"])
    return direct.union(*map(needed_by, direct))


def test_only_what_runs_once_is_waited_for() -> None:
    """A start does not hang on the health of a service, nor on a profile that is not asked for."""
    for name, service in SHARDED.items():
        for other, how in service.get("depends_on", {}).items():
            once = SHARDED[other].get("restart") == "no"
            assert how["condition"] == ("service_completed_successfully" if once else "service_started"), name
            assert how.get("required", True) is ("profiles" not in SHARDED[other]), name


def seconds(service: dict[str, Any]) -> int:
    return int(service["stop_grace_period"].removesuffix("s"))
