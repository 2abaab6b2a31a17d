"""Whose page may speak to the gateway, and under which names it answers."""

import pytest

from gateway.origins import host_allowed, origin_allowed


@pytest.mark.parametrize(
    ("origin", "allowed", "may"),
    [
        (None, "", True),
        ("http://thespis.lan:8080", "", True),
        ("http://thespis.lan", "", False),
        ("https://evil.example", "", False),
        ("null", "", False),
        ("http://[::1", "", False),
        ("http://a]b", "", False),
        ("https://app.example", "https://app.example, https://other.example", True),
        ("https://app.example.evil", "https://app.example", False),
        ("https://app.example", "https://App.Example", True),
        ("https://anything", "*", True),
    ],
)
def test_only_the_gateways_own_page_and_listed_origins_open_sessions(
    origin: str | None, allowed: str, may: bool
) -> None:
    assert origin_allowed(origin, "thespis.lan:8080", allowed) is may


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("127.0.0.1:8080", True),
        ("localhost", True),
        ("localhost.:8080", True),
        ("app.localhost:8080", True),
        ("[::1]:8080", True),
        ("192.168.1.5", True),
        ("thespis.lan:8080", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_only_names_that_are_surely_ours_are_answered_without_a_key(host: str, may: bool) -> None:
    assert host_allowed(host, "thespis.lan, other.lan") is may


def test_names_are_listed_in_any_case() -> None:
    assert host_allowed("Thespis.lan:8080", "THESPIS.LAN")
    assert origin_allowed("http://thespis.lan:8080", "Thespis.lan:8080", "")
