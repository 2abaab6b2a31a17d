"""Which key opens which route."""

import pytest

from access.keys import ANYBODY, Quotas, Scope, make_key
from gateway.app import make_app
from gateway.door import OPEN, SCOPES, neighbourhood, scoped
from gateway.problems import Problematic
from gateway.settings import GatewaySettings


def refusal(route: str, *scopes: Scope) -> str | None:
    caller = make_key("test", list(scopes), Quotas())[0].caller if scopes else None
    try:
        scoped(caller, route)
    except Problematic as problem:
        return problem.code
    return None


def test_what_each_route_needs_was_decided() -> None:
    paths = {resource.canonical for resource in make_app(GatewaySettings()).router.resources()}
    assert {"/v1/stream", "/v1/jobs/events", "/web/vendor/uplot"} <= paths
    undecided = [path for path in paths - OPEN if "/".join(path.split("/")[:3]) not in SCOPES]
    assert undecided == [], "name them in gateway/door.py"


@pytest.mark.parametrize(
    ("route", "scope", "other"),
    [("/v1/stream", "stream", "images"), ("/v1/images", "images", "jobs"), ("/v1/jobs/{id}/events", "jobs", "stream")],
)
def test_a_route_opens_for_its_scope_only(route: str, scope: Scope, other: Scope) -> None:
    assert refusal(route) == "key_needed"
    assert refusal(route, other) == "scope_needed"
    assert refusal(route, scope) is None
    assert refusal(route, "admin") is None


def test_any_key_may_read_the_models() -> None:
    assert refusal("/v1/models") == "key_needed"
    assert refusal("/v1/models", "jobs") is None


def test_a_route_that_nobody_thought_of_is_for_admins() -> None:
    assert refusal("/v1/new", "stream", "images", "jobs") == "scope_needed"
    assert refusal("/metrics", "stream", "images", "jobs") == "scope_needed"
    assert refusal("/v1/new", "admin") is None


def test_where_no_key_is_asked_for_everything_is_open() -> None:
    assert scoped(ANYBODY, "/v1/new") is ANYBODY


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_the_addresses_of_one_subscriber_are_counted_together(address: str, counted_as: str) -> None:
    assert neighbourhood(address) == counted_as
