"""A platform that asks for keys: who comes in, what each may do and see, and when it ends."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from contracts.protocol import Result, SessionClosed
from gateway.door import OPEN
from gateway.job_events import MOST_STREAMS
from gateway.openapi import document
from tests.integration.live_session import LiveSession
from tests.integration.redis_server import redis_server
from tests.integration.test_command_line import thespis
from tests.platform_process import ROOT, START_TIMEOUT_S, THESPIS_UP, Platform
from tests.waiting import wait_until
from thespis import AsyncClient, Client, ThespisError
from thespis.ports import free_ports
from thespis.sample_face import astronaut_path

STRANGER = "thespis_0123456789ab_" + 43 * "x"


class Keys:
    """The keys of a platform on one data folder, by the command that a person types."""

    def __init__(self, data: Path) -> None:
        self._data = str(data)

    def create(self, name: str, scopes: str, **quotas: int) -> str:
        flags = [part for quota, value in quotas.items() for part in (f"--{quota.replace('_', '-')}", str(value))]
        run = self.run("create", name, "--scopes", scopes, *flags)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return thespis("keys", *words, "--data-path", self._data)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("guarded") / "data")


@pytest.fixture(scope="module")
def admin(keys: Keys) -> str:
    return keys.create("admin", "admin", per_minute=6000)


@pytest.fixture(scope="module")
def guarded(keys: Keys, admin: str) -> Iterator[Platform]:
    """A platform as behind a proxy: it asks for keys, and believes what the proxy says of the client's address."""
    data = Path(keys._data)
    with Platform(
        data.parent / "up.log",
        THESPIS_REQUIRE_KEYS="true",
        THESPIS_PROXIES="1",
        THESPIS_MAX_REQUESTS_PER_MINUTE="6",
        THESPIS_LOG_LEVEL="debug",
        THESPIS_UPLOAD_TIMEOUT_S="300",
        THESPIS_BODY_STALL_S="300",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def anna(guarded: Platform, keys: Keys) -> str:
    return keys.create("anna", "stream,images,jobs")


@pytest.fixture(scope="module")
def bert(guarded: Platform, keys: Keys) -> str:
    return keys.create("bert", "jobs")


def ask(at: Platform | str, method: str, path: str, key: str | None = None, **named: object) -> httpx.Response:
    url = at.url if isinstance(at, Platform) else at
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    headers |= named.pop("headers", {})
    with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=30, headers=headers) as http:
        return http.request(method, path, **named)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1]


def session(url: str, key: str | None = None, query: str = "", **headers: str) -> connect:
    return connect(
        url.replace("http", "ws", 1) + "/v1/stream" + query,
        subprotocols=[Subprotocol("thespis.v1")],
        additional_headers=headers | ({"Authorization": f"Bearer {key}"} if key else {}),
        proxy=None,
    )


async def refusal(opening: connect) -> int:
    with pytest.raises(InvalidStatus) as refused:
        await opening
    return refused.value.response.status_code


def submitted(platform: Platform, key: str, idempotency_key: str = "") -> httpx.Response:
    files = {"options": (None, "{}"), "video": ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(100))}
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return ask(platform, "POST", "/v1/jobs", key, files=files, headers=headers)


OPERATIONS = [
    (method, path.replace("{id}", "0" * 32))
    for path, methods in document()["paths"].items()
    for method in methods
    if path not in OPEN
]


@pytest.mark.parametrize("key", [None, STRANGER, "nonsense", "ü"])
def test_nobody_comes_in_without_a_good_key(guarded: Platform, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
    for method, path in [*OPERATIONS, ("get", "/v1/stream")]:
        answer = ask(guarded, method.upper(), path, headers=headers)
        assert code(answer) == (401, "key_needed" if key is None else "unknown_key"), (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", [*sorted(OPEN - {"/web"}), "/web/app.js"])
def test_what_a_page_and_a_load_balancer_need_is_open(guarded: Platform, path: str) -> None:
    # A folder is not listed, whoever asks.
    assert ask(guarded, "GET", path).status_code == (403 if path == "/web/vendor/uplot" else 200)


def test_a_key_does_what_its_scopes_say_and_nothing_else(guarded: Platform, jpeg: bytes, anna: str, bert: str) -> None:
    assert ask(guarded, "POST", "/v1/images", anna, content=jpeg).json()["faces"]
    assert code(ask(guarded, "POST", "/v1/images", bert, content=jpeg)) == (403, "scope_needed")
    assert ask(guarded, "GET", "/v1/jobs", bert).status_code == 200
    assert ask(guarded, "GET", "/v1/models", bert).status_code == 200


async def test_a_program_opens_a_session_with_its_key(guarded: Platform, jpeg: bytes, anna: str, bert: str) -> None:
    async with session(guarded.url, anna) as connection:
        await LiveSession(connection).next()
        await LiveSession(connection).result(jpeg)
    assert await refusal(session(guarded.url)) == 401
    assert await refusal(session(guarded.url, STRANGER)) == 401
    assert await refusal(session(guarded.url, bert)) == 403


async def test_a_browser_opens_a_session_with_a_ticket_once(guarded: Platform, anna: str, bert: str) -> None:
    answer = ask(guarded, "POST", "/v1/tickets", anna)
    assert answer.status_code == 201
    query = f"?ticket={answer.json()['ticket']}"
    async with session(guarded.url, query=query) as connection:
        assert json.loads(await connection.recv())["type"] == "session.created"
    assert await refusal(session(guarded.url, query=query)) == 401
    assert code(ask(guarded, "POST", "/v1/tickets", bert)) == (403, "scope_needed")


def test_a_ticket_opens_a_file_by_get_and_nothing_else(guarded: Platform, anna: str) -> None:
    job = submitted(guarded, anna).json()["id"]
    path = f"/v1/jobs/{job}"
    ticket = ask(guarded, "POST", "/v1/tickets", anna, json={"path": path}).json()["ticket"]
    for _ in range(2):
        assert ask(guarded, "GET", f"{path}?ticket={ticket}").status_code == 200
    assert code(ask(guarded, "DELETE", f"{path}?ticket={ticket}")) == (401, "unknown_key")
    assert code(ask(guarded, "GET", f"/v1/jobs?ticket={ticket}")) == (401, "unknown_key")
    assert code(ask(guarded, "POST", "/v1/tickets", anna, json={"path": "elsewhere"})) == (400, "bad_request")


def test_a_job_is_there_only_for_its_key_and_for_admins(guarded: Platform, anna: str, bert: str, admin: str) -> None:
    job = submitted(guarded, anna).json()["id"]
    of_job = [(method, path.replace("0" * 32, job)) for method, path in OPERATIONS if "0" * 32 in path]
    assert len(of_job) >= 8
    for method, path in of_job:
        assert code(ask(guarded, method.upper(), path, bert)) == (404, "unknown_job"), (method, path)
    listed = {key: [view["id"] for view in ask(guarded, "GET", "/v1/jobs", key).json()["jobs"]] for key in (anna, bert)}
    assert job in listed[anna]
    assert listed[bert] == []
    assert ask(guarded, "GET", f"/v1/jobs/{job}", anna).status_code == 200
    assert ask(guarded, "GET", f"/v1/jobs/{job}", admin).status_code == 200
    assert job in [view["id"] for view in ask(guarded, "GET", "/v1/jobs", admin).json()["jobs"]]
    assert ask(guarded, "DELETE", f"/v1/jobs/{job}", admin).status_code == 204
    assert job not in [view["id"] for view in ask(guarded, "GET", "/v1/jobs", anna).json()["jobs"]]


def test_an_idempotency_key_is_each_keys_own(guarded: Platform, anna: str, bert: str) -> None:
    first, again, other = (submitted(guarded, key, "same").json()["id"] for key in (anna, anna, bert))
    assert first == again != other


def test_a_keys_quotas_of_jobs_hold(guarded: Platform, keys: Keys) -> None:
    none = keys.create("none", "jobs", unfinished_jobs=0)
    assert code(submitted(guarded, none)) == (429, "too_many_jobs")
    one = keys.create("one", "jobs", stored_jobs=1)
    job = submitted(guarded, one).json()["id"]
    refused = submitted(guarded, one)
    assert (code(refused), "Retry-After" in refused.headers) == ((429, "too_many_jobs"), True)
    assert ask(guarded, "DELETE", f"/v1/jobs/{job}", one).status_code == 204
    assert submitted(guarded, one).status_code == 202


def test_an_idempotency_key_of_a_deleted_job_passes_no_quota(guarded: Platform, keys: Keys) -> None:
    one = keys.create("forgetful", "jobs", stored_jobs=1)
    job = submitted(guarded, one, "same").json()["id"]
    assert submitted(guarded, one, "same").json()["id"] == job
    assert ask(guarded, "DELETE", f"/v1/jobs/{job}", one).status_code == 204
    assert submitted(guarded, one, "other").status_code == 202
    assert code(submitted(guarded, one, "same")) == (429, "too_many_jobs")


def test_a_key_may_ask_so_often_and_is_told_when_again(guarded: Platform, keys: Keys) -> None:
    slow = keys.create("slow", "jobs", per_minute=2)
    assert ask(guarded, "GET", "/v1/models", slow).status_code == 200
    refused = ask(guarded, "GET", "/v1/models", slow)
    assert code(refused) == (429, "too_many_requests")
    assert 20 <= int(refused.headers["Retry-After"]) <= 30


def test_who_tries_keys_is_slowed_down_by_address(guarded: Platform, anna: str) -> None:
    def tries(address: str) -> list[int]:
        # What a client claims stands before what our proxy saw.
        seen = {"X-Forwarded-For": f"10.0.0.1, {address}"}
        return [ask(guarded, "GET", "/v1/models", STRANGER, headers=seen).status_code for _ in range(8)]

    def claims_this_machine() -> int:
        seen = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.7")]  # as a proxy that adds a line
        return httpx.get(f"{guarded.url}/v1/models?ticket=none", headers=seen, trust_env=False).status_code

    assert tries("203.0.113.7") == [401] + [429] * 7
    assert claims_this_machine() == 429
    assert tries("203.0.113.8")[0] == 401
    one_subscriber = [tries(f"2001:db8::{n}")[0] for n in range(2)]
    assert one_subscriber == [401, 429]
    anna_there = ask(guarded, "GET", "/v1/models", anna, headers={"X-Forwarded-For": "203.0.113.7"})
    assert anna_there.status_code == 200, "who has a key is counted by it"
    page = ask(guarded, "GET", "/web/app.js", headers={"X-Forwarded-For": "203.0.113.7"})
    assert page.status_code == 200, "the page's files are not counted: one visit asks for some forty"
    alive = ask(guarded, "GET", "/healthz", headers={"X-Forwarded-For": "203.0.113.7"})
    assert alive.status_code == 200, "whether it lives is told to everybody, without a look into Redis"


@contextlib.contextmanager
def hanging(platform: Platform, head: str, key: str, count: int) -> Iterator[list[socket.socket]]:
    """Connections on which so many requests of a key were begun."""
    host, _, port = platform.url.removeprefix("http://").partition(":")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(count)]
        for connection in connections:
            connection.sendall(f"{head}\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n".encode())
        yield connections


def test_a_key_whose_pictures_come_slowly_holds_up_no_other(
    guarded: Platform, admin: str, anna: str, jpeg: bytes
) -> None:
    def anna_waits() -> bool:
        try:
            answer = ask(guarded, "POST", "/v1/images", anna, content=jpeg, timeout=1)
        except httpx.ReadTimeout:
            return True
        assert answer.status_code == 200, answer.text
        return False

    with hanging(guarded, "POST /v1/images HTTP/1.1", anna, 8) as connections:
        for connection in connections:
            connection.sendall(b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 100")
            connection.sendall(jpeg[:100])
        # To go on comes before the key is looked up; once that is done, they hold all of her places to the end.
        wait_until(anna_waits)
        answer = ask(guarded, "POST", "/v1/images", admin, content=jpeg)
    assert (answer.status_code, len(answer.json()["faces"])) == (200, 1)


def test_a_key_that_watches_much_takes_no_other_keys_stream(guarded: Platform, anna: str, bert: str) -> None:
    with hanging(guarded, "GET /v1/jobs/events HTTP/1.1", anna, MOST_STREAMS) as connections:
        for connection in connections:
            connection.sendall(b"\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert code(ask(guarded, "GET", "/v1/jobs/events", anna)) == (429, "too_many_streams")
        with hanging(guarded, "GET /v1/jobs/events HTTP/1.1", bert, 1) as (other,):
            other.sendall(b"\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200")


@contextlib.contextmanager
def second_gateway(platform: Platform, **changed: str) -> Iterator[str]:
    """Another door to the same platform."""
    (port,) = free_ports(1)
    environment = {**platform.child("-m gateway").environ(), "THESPIS_PORT": str(port), **changed}
    process = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return ask(url, "GET", "/healthz").status_code == 200
        return False

    try:
        wait_until(answers, START_TIMEOUT_S)
        yield url
    finally:
        process.terminate()
        process.wait(20)


async def created(connection: ClientConnection) -> str:
    return str(json.loads(await connection.recv()).get("reason", "created"))


async def test_a_keys_limits_hold_over_two_gateways(guarded: Platform, keys: Keys) -> None:
    key = keys.create("two", "stream", sessions=1, per_minute=6)
    with second_gateway(guarded) as other:
        async with session(guarded.url, key) as first:
            assert await created(first) == "created"
            assert ask(other, "GET", "/healthz").status_code == 200
            assert ask(other, "GET", "/v1/models", key).status_code == 429
        wide = keys.create("wide", "stream", sessions=1)
        async with session(guarded.url, wide) as first:
            assert await created(first) == "created"
            async with session(other, wide) as second:
                assert await created(second) == "too_many_sessions_of_this_key"
        async with session(other, wide) as third:
            assert await created(third) == "created"


async def test_a_ticket_opens_a_session_at_another_shard_too(guarded: Platform, anna: str) -> None:
    with redis_server() as live, second_gateway(guarded, THESPIS_REDIS_URL=live) as other:
        ticket = ask(guarded, "POST", "/v1/tickets", anna).json()["ticket"]
        async with session(other, query=f"?ticket={ticket}") as connection:
            assert await created(connection) == "created"
        assert await refusal(session(guarded.url, query=f"?ticket={ticket}")) == 401, "and is used up everywhere"


async def test_revocation_ends_a_live_session_and_shuts_the_door(guarded: Platform, keys: Keys, jpeg: bytes) -> None:
    key = keys.create("passing", "stream")
    async with session(guarded.url, key) as connection:
        live = LiveSession(connection)
        await live.next()
        await live.result(jpeg)
        ticket = ask(guarded, "POST", "/v1/tickets", key).json()["ticket"]
        assert (await asyncio.to_thread(keys.run, "revoke", key.split("_")[1])).returncode == 0
        async with asyncio.timeout(10):
            assert await live.until_closed() == (1008, "key_revoked")
        assert isinstance(live.messages[-1], SessionClosed)
    assert code(ask(guarded, "GET", "/v1/models", key)) == (401, "unknown_key")
    assert await refusal(session(guarded.url, query=f"?ticket={ticket}")) == 401


def test_revocation_ends_what_is_under_way(guarded: Platform, keys: Keys) -> None:
    key = keys.create("sending", "jobs")
    host, port = guarded.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Length: 5000000\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        keys.run("revoke", key.split("_")[1])
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1000) == b""


async def test_the_python_clients_send_their_key(guarded: Platform, jpeg: bytes, anna: str) -> None:
    async with AsyncClient(guarded.url, key=anna) as client:
        assert (await client.analyze(jpeg)).faces
        async with client.stream() as stream:
            await stream.send(jpeg)
            while not isinstance(await stream.receive(), Result):  # a frame may rightly be too late
                await stream.send(jpeg)
    with Client(guarded.url) as client, pytest.raises(ThespisError, match="API key"):
        client.models()
    async with AsyncClient(guarded.url) as client:
        with pytest.raises(ThespisError, match="API key"):
            async with client.stream():
                pass
    with Client(guarded.url, key="thespis_none_such") as stranger, pytest.raises(ThespisError) as refused:
        stranger.stream().__enter__()
    assert refused.value.problem.status == 401


def test_the_commands_send_their_key(guarded: Platform, anna: str) -> None:
    at = ("--server", guarded.url, "--json")
    by_flag = thespis("analyze", str(astronaut_path()), *at, "--key", anna)
    by_variable = thespis("analyze", str(astronaut_path()), *at, THESPIS_KEY=anna)
    assert [len(json.loads(run.stdout)["faces"]) for run in (by_flag, by_variable)] == [1, 1]
    assert thespis("jobs", *at, THESPIS_KEY=anna).returncode == 0
    refused = thespis("jobs", *at)
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (1, 1)
    assert "API key" in refused.stderr


def test_keys_are_listed_without_their_secrets(guarded: Platform, keys: Keys, anna: str) -> None:
    assert ask(guarded, "GET", "/v1/models", anna).status_code == 200

    def listed() -> dict[str, Any]:
        entries = json.loads(keys.run("list", "--json").stdout)
        return next(entry for entry in entries if entry["name"] == "anna")

    assert listed()["scopes"] == ["stream", "images", "jobs"]
    wait_until(lambda: (listed()["last_used_s"] or 0.0) >= listed()["created_s"])  # no request waits for the note
    assert "anna" in keys.run("list").stdout
    assert anna.split("_", 2)[2] not in keys.run("list", "--json").stdout
    unknown = keys.run("revoke", "0123456789ab")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert keys.run("create", "late", "--once").stdout == ""
    assert "there is no scope 'all'" in keys.run("create", "odd", "--scopes", "all").stderr


def test_no_key_and_no_ticket_stands_in_a_log(guarded: Platform, anna: str) -> None:
    ticket = ask(guarded, "POST", "/v1/tickets", anna).json()["ticket"]
    assert ask(guarded, "GET", f"/v1/stream?ticket={ticket}").status_code == 400
    log = guarded.log.read_text()
    assert "session_ended" in log
    assert anna.split("_", 2)[2] not in log
    assert ticket not in log


def test_answers_are_kept_out_of_caches_and_frames(guarded: Platform, anna: str) -> None:
    headers = ask(guarded, "GET", "/v1/models", anna).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Server"] == "Thespis"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers
    secure = ask(guarded, "GET", "/", headers={"X-Forwarded-Proto": "https"}).headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


def test_a_proxys_word_is_believed_only_where_there_is_one(platform: Platform) -> None:
    told = ask(platform, "GET", "/", headers={"X-Forwarded-Proto": "https"}).headers
    assert "Strict-Transport-Security" not in told


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080"])
def test_a_name_that_was_led_here_gets_nothing_where_no_key_is_asked_for(platform: Platform, host: str) -> None:
    for path in ("/", "/v1/models", "/v1/stream"):
        assert code(ask(platform, "GET", path, headers={"Host": host})) == (421, "unknown_host")
    assert ask(platform, "GET", "/v1/models", headers={"Host": "localhost:8080"}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/images", "/v1/tickets"])
def test_a_foreign_page_may_change_nothing(platform: Platform, jpeg: bytes, path: str) -> None:
    foreign = ask(platform, "POST", path, content=jpeg, headers={"Origin": "https://evil.example"})
    assert code(foreign) == (403, "forbidden")
    own = ask(platform, "POST", path, content=jpeg, headers={"Origin": platform.url})
    assert own.status_code != 403


def test_a_gateway_that_others_can_reach_does_not_start_without_a_key(tmp_path: Path) -> None:
    run = thespis("up", "--host", "0.0.0.0", "--port", "0", "--data-path", str(tmp_path))
    assert run.returncode == 1
    assert "thespis keys create" in run.stderr
    assert "--insecure" in run.stderr


def test_one_that_others_can_reach_asks_for_its_key_here_too(tmp_path: Path) -> None:
    key = Keys(tmp_path / "data").create("first", "images")
    with Platform(tmp_path / "up.log", THESPIS_HOST="0.0.0.0") as open_to_all:
        assert [models_at(open_to_all, shown) for shown in ("", STRANGER, key)] == [401, 401, 200]


def test_told_to_be_insecure_it_asks_nobody(tmp_path: Path) -> None:
    with Platform(tmp_path / "up.log", (*THESPIS_UP, "--insecure"), THESPIS_HOST="0.0.0.0") as insecure:
        assert models_at(insecure, "") == 200


def models_at(platform: Platform, key: str) -> int:
    here = f"http://127.0.0.1:{platform.url.rsplit(':', 1)[1]}"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(f"{here}/v1/models", headers=headers, trust_env=False).status_code
