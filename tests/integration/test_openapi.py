"""The API does what /openapi.json says, whatever is sent to it, and asks for a key wherever that says so."""

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from gateway import job_routes, page
from gateway.app import routes
from gateway.openapi import document
from tests.integration.test_command_line import thespis
from tests.platform_process import Platform

NOT_REST = {"/", "/docs", "/openapi.json", "/v1/stream"}
WITHOUT_END = {"/v1/jobs/events", "/v1/jobs/{id}/events"}


OPERATIONS = [
    (method, path) for path, methods in document()["paths"].items() for method in methods if path not in WITHOUT_END
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, str]]:
    """A platform that asks for keys, and one that may ask often."""
    home = tmp_path_factory.mktemp("described")
    made = thespis(
        "keys", "create", "all", "--scopes", "admin", "--per-minute", "100000", "--data-path", f"{home}/data"
    )
    with Platform(home / "up.log", THESPIS_REQUIRE_KEYS="true") as running:
        yield running, made.stdout.strip()


@pytest.fixture(scope="module")
def api(guarded: tuple[Platform, str]) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{guarded[0].url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_the_description_says(
    api: schemathesis.BaseSchema, guarded: tuple[Platform, str], method: str, path: str
) -> None:
    key = {"Authorization": f"Bearer {guarded[1]}"}
    operation = api[path][method.upper()]

    @given(case=operation.as_strategy())
    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def answers_as_described(case: schemathesis.Case) -> None:
        # What is generated may be sound by the schema and still no picture or video, so it may be refused.
        case.call_and_validate(headers=key, excluded_checks=[positive_data_acceptance, unsupported_method])

    answers_as_described()


def test_every_route_is_described(platform: Platform) -> None:
    described = httpx.get(f"{platform.url}/openapi.json", trust_env=False).json()["paths"]
    there = {
        (route.path, route.method.lower())
        for route in [*routes, *page.routes, *job_routes.routes]
        if isinstance(route, web.RouteDef) and route.path not in NOT_REST
    }
    assert there == {(path, method) for path, methods in described.items() for method in methods}
