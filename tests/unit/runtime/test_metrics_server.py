"""What a process tells of itself on its inner port."""

import urllib.request

import pytest

from runtime.metrics_server import serve_metrics
from runtime.settings import BadSetting, CommonSettings
from tests.network import has_ipv6
from thespis.ports import free_ports


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")),
    ],
)
def test_metrics_are_served_at_an_address_of_either_kind(host: str) -> None:
    (port,) = free_ports(1, host)
    serve_metrics(CommonSettings(metrics_host=host, metrics_port=port))
    written = f"[{host}]" if ":" in host else host
    with urllib.request.urlopen(f"http://{written}:{port}/healthz", timeout=20) as answer:
        assert answer.read() == b'{"healthy": true}'


def test_where_nothing_can_listen_both_settings_are_named() -> None:
    with pytest.raises(BadSetting, match=r"THESPIS_METRICS_HOST=192\.0\.2\.1, THESPIS_METRICS_PORT=9100"):
        serve_metrics(CommonSettings(metrics_host="192.0.2.1", metrics_port=9100))
