"""Where the platform can listen, and how a program on this machine then finds it."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from runtime.model_tree import read_ensemble
from runtime.settings import BadSetting
from tests.network import has_ipv6
from tests.platform_process import ROOT
from thespis.plan import plan_platform
from thespis.ports import FIRST, free_ports, is_free
from thespis.settings import UpSettings
from thespis.up import PortTaken, reachable_host, with_free_port

NOBODYS = "192.0.2.1"  # kept for documentation (RFC 5737)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_a_port_is_free_until_somebody_listens(taken: int) -> None:
    (free,) = free_ports(1)
    assert is_free(free, "127.0.0.1")
    assert not is_free(taken, "127.0.0.1")
    with pytest.raises(PortTaken, match=f"port {taken} is taken"):
        with_free_port(UpSettings(port=taken))


@pytest.mark.parametrize("port", [0, 8080])
def test_an_address_of_another_machine_is_not_called_a_taken_port(port: int) -> None:
    with pytest.raises(BadSetting, match=f"THESPIS_HOST: nothing can listen at {NOBODYS}"):
        with_free_port(UpSettings(host=NOBODYS, port=port))


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::", "::1"])
def test_ipv6_is_listened_on_too(host: str) -> None:
    assert is_free(with_free_port(UpSettings(host=host, port=0)).port, host)


@pytest.mark.parametrize(
    ("host", "written"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("fd00::7", "[fd00::7]"), ("192.0.2.1", "192.0.2.1")],
)
def test_what_listens_everywhere_is_found_on_this_machine(host: str, written: str) -> None:
    assert reachable_host(host) == written


def test_the_gateways_port_is_given_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    first = FIRST
    monkeypatch.setattr("thespis.plan.free_ports", lambda count, *_: list(range(first, first + count)))
    programs = plan_platform(UpSettings(port=first), read_ensemble(ROOT / "models"), {}, "secret")
    words = " ".join(word for program in programs for word in program.command)
    assert str(first) not in words
    targets = {program.environment["THESPIS_MEMBERS"] for program in programs}
    urls = {
        program.environment[name] for program in programs for name in ("THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL")
    }
    assert not [text for text in (*targets, *urls) if f":{first}" in text]
