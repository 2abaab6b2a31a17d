"""What others who have an account on the machine find of a platform, and what is left when a process falls."""

from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from tests.platform_process import Platform

REDIS = ("THESPIS_REDIS_URL", "THESPIS_JOBS_REDIS_URL")


def data_folder(platform: Platform) -> Path:
    return platform.log.parent / "data"


@pytest.mark.parametrize("name", REDIS)
def test_redis_lets_nobody_in_without_its_password(platform: Platform, name: str) -> None:
    url = urlsplit(platform.child("-m gateway").environ()[name])
    with redis.Redis.from_url(url.geturl()) as ours, redis.Redis(port=url.port or 0) as theirs:
        assert ours.ping()
        with pytest.raises(redis.exceptions.AuthenticationError):
            theirs.keys("*")


def test_its_password_stands_where_nobody_else_can_read(platform: Platform) -> None:
    passwords = {urlsplit(platform.child("-m gateway").environ()[name]).password or "" for name in REDIS}
    assert all(len(password) > 30 for password in passwords)
    told = {" ".join(child.cmdline()) for child in platform.children} | {platform.log.read_text()}
    assert not [text for text in told if any(password in text for password in passwords)]
    assert data_folder(platform).stat().st_mode & 0o077 == 0
    files = [path for path in data_folder(platform).iterdir() if path.is_file()]
    holding = [path for path in files if any(password in path.read_text() for password in passwords)]
    assert {path.name for path in holding} == {"redis-password.conf", "jobs-redis-url"}
    assert [path for path in holding if path.stat().st_mode & 0o077] == []


def test_a_process_that_falls_is_written_to_no_disk(platform: Platform) -> None:
    limits = {child.pid: child.rlimit(psutil.RLIMIT_CORE) for child in platform.children}
    assert set(limits.values()) <= {(1, 1), (0, 0)}
