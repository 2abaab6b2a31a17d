"""The API does what /openapi.json says, whatever is sent to it."""

import httpx
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from gateway import job_routes, page
from gateway.app import routes
from gateway.openapi import document
from tests.platform_process import Platform

NOT_REST = {"/", "/docs", "/openapi.json", "/v1/stream"}
WITHOUT_END = {"/v1/jobs/events", "/v1/jobs/{id}/events"}


OPERATIONS = [
    (method, path) for path, methods in document()["paths"].items() for method in methods if path not in WITHOUT_END
]


@pytest.fixture(scope="module")
def api(platform: Platform) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{platform.url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_the_description_says(api: schemathesis.BaseSchema, method: str, path: str) -> None:
    operation = api[path][method.upper()]

    @given(case=operation.as_strategy())
    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def answers_as_described(case: schemathesis.Case) -> None:
        # What is generated may be sound by the schema and still no picture or video, so it may be refused.
        case.call_and_validate(excluded_checks=[positive_data_acceptance, ignored_auth, unsupported_method])

    answers_as_described()


def test_every_route_is_described(platform: Platform) -> None:
    described = httpx.get(f"{platform.url}/openapi.json", trust_env=False).json()["paths"]
    there = {
        (route.path, route.method.lower())
        for route in [*routes, *page.routes, *job_routes.routes]
        if isinstance(route, web.RouteDef) and route.path not in NOT_REST
    }
    assert there == {(path, method) for path, methods in described.items() for method in methods}
