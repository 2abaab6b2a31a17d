"""What compose and the images say to the services is something that they hear, and .env.example tells all of it."""

import re
import typing

import msgspec
import pytest

from detector_worker.settings import DetectorSettings
from ensemble_worker.settings import EnsembleSettings
from gateway.settings import GatewaySettings
from jobs.settings import JobSettings
from runtime.settings import WorkerSettings, variable
from tests.unit.deploy.compose_files import OURS, ROOT, services

KINDS: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "gateway": (GatewaySettings,),
    "detector_worker": (DetectorSettings,),
    "ensemble_worker": (EnsembleSettings,),
    "job_worker": (JobSettings, WorkerSettings),
    "detector_worker_jobs": (DetectorSettings, JobSettings),
    "ensemble_worker_jobs": (EnsembleSettings, JobSettings),
}
SHARED = {"THESPIS_JOBS_REDIS_URL"}
"""Given to workers of live frames too, who do not ask for it."""

DECIDED_HERE = {
    "THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL", "THESPIS_MODELS_PATH", "THESPIS_MEMBERS",
    "THESPIS_HOST", "THESPIS_PORT", "THESPIS_WEB_PATH", "THESPIS_PROXIES",
    "THESPIS_METRICS_HOST", "THESPIS_METRICS_PORT", "THESPIS_MAX_WORKER_RSS_MB",
}  # fmt: skip
"""Settings that follow from how compose puts the containers together."""

OF_THE_IMAGES = {"log_format": "json", "artefacts_url": "file:///artefacts"}
"""Defaults that deploy/Dockerfile sets in the place of the programs' own."""

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


def known_to(kinds: typing.Iterable[type[msgspec.Struct]]) -> dict[str, msgspec.structs.FieldInfo]:
    return {variable(field.name): field for kind in kinds for field in msgspec.structs.fields(kind)}


def test_every_service_of_ours_is_looked_at() -> None:
    assert set(KINDS) == OURS
    assert set(services()) >= OURS


@pytest.mark.parametrize("service", sorted(OURS))
def test_compose_sets_what_the_service_knows(service: str) -> None:
    environment = services()[service]["environment"]
    given = {name.removesuffix("_FILE") for name in environment if name.startswith("THESPIS_")}
    assert given - set(known_to(KINDS[service])) <= SHARED
    assert {"THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL"} <= given


def test_what_env_says_reaches_every_program_of_ours() -> None:
    ours = [services()[name] for name in OURS] + list(services("deploy/compose.embedded.yml").values())
    assert all(service["env_file"] == [{"path": ".env", "required": False}] for service in ours)


def test_the_images_set_what_some_service_knows() -> None:
    given = set(re.findall(r"(THESPIS_\w+)=", DOCKERFILE))
    everything = set(known_to(kind for kinds in KINDS.values() for kind in kinds))
    assert given <= everything


def test_the_example_tells_every_setting_with_its_meaning_and_default() -> None:
    lines = dict(re.findall(r"^# (.+)\n#(THESPIS_\w+=.*)$", EXAMPLE, re.MULTILINE))
    expected = {}
    for kinds in KINDS.values():
        for kind in kinds:
            hints = typing.get_type_hints(kind, include_extras=True)
            for field in msgspec.structs.fields(kind):
                default = str(field.default).lower() if isinstance(field.default, bool) else field.default
                default = OF_THE_IMAGES.get(field.name, default)
                expected[f"{variable(field.name)}={default}"] = hints[field.name].__metadata__[0].description
    kept = {line: meaning for line, meaning in expected.items() if line.partition("=")[0] not in DECIDED_HERE}
    assert {line: meaning for meaning, line in lines.items()} == kept


def test_the_example_tells_everything_that_compose_asks_for_with_its_default() -> None:
    asked: dict[str, str] = {}
    for file in [ROOT / "docker-compose.yml", *(ROOT / "deploy").glob("compose.*.yml")]:
        defaults = re.findall(r"\$\{(DEPLOY_\w+):-([^}]*)\}", file.read_text())
        asked |= {name: re.sub(r",\s+", ",", default) for name, default in defaults}  # a list may take several lines
    assert dict(re.findall(r"^#(DEPLOY_\w+)=(.*)$", EXAMPLE, re.MULTILINE)) == asked


def test_the_example_changes_nothing_until_a_line_is_uncommented() -> None:
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []
