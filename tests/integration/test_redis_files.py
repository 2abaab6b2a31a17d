"""What deploy/redis says to a real server."""

import re
from pathlib import Path

import pytest
import redis

from tests.integration.redis_server import redis_by
from tests.platform_process import ROOT
from thespis.plan import valkey_server
from thespis.ports import free_ports


def told_by(file: str, folder: Path) -> dict[str, str]:
    """The configuration of a server that was started with this file; only its folder is the test's."""
    shipped = (ROOT / "deploy" / "redis" / file).read_text()
    (folder / file).write_text(re.sub("^dir .*$", f"dir {folder}", shipped, flags=re.MULTILINE))
    (port,) = free_ports(1)
    command = (str(valkey_server()), str(folder / file), "--port", str(port), "--bind", "127.0.0.1")
    with redis_by(command, port) as url, redis.Redis.from_url(url, decode_responses=True) as client:
        return dict(client.config_get("*"))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "live.conf",
            {
                "save": "",
                "appendonly": "no",
                "maxmemory-policy": "volatile-ttl",
                "maxmemory": str(256 << 20),
                "slowlog-log-slower-than": "-1",
            },
        ),
        (
            "jobs.conf",
            {
                "save": "",
                "appendonly": "yes",
                "appendfsync": "always",
                "maxmemory-policy": "noeviction",
                "maxmemory": str(384 << 20),
                "slowlog-log-slower-than": "-1",
            },
        ),
    ],
)
def test_a_server_understands_its_file(file: str, expected: dict[str, str], tmp_path: Path) -> None:
    told = told_by(file, tmp_path)
    assert {name: told[name] for name in expected} == expected
