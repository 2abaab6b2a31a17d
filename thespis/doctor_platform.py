"""What `thespis doctor` looks at over the network: Redis, the members, a running server."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
import msgspec
import redis

from contracts.api import Readiness
from contracts.geometry import CROP_BYTES
from runtime.model_tree import BadModelTree, read_ensemble
from runtime.settings import BadSetting, read_variable
from thespis.doctor import Finding
from thespis.plan import valkey_server

TIMEOUT_S: Final = 3.0
MOST_SKEW_S: Final = 0.1
MOST_SKEW_OF_DATE_S: Final = 2.0
"""HTTP's Date counts whole seconds."""

CERTIFICATE_SOON_S: Final = 14 * 24 * 3600
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


def redis_servers(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Those that the environment names; without any, the one that `thespis up` would start."""
    for role, variable in (("redis live", "THESPIS_REDIS_URL"), ("redis jobs", "THESPIS_JOBS_REDIS_URL")):
        try:
            url = read_variable(variable, environ)
        except BadSetting as problem:
            yield Finding(role, "fail", str(problem), "is the file there, and may you read it?")
            continue
        if url:
            yield from _redis_server(role, variable, url)
        else:
            yield _own_valkey(role, variable)


def _own_valkey(role: str, variable: str) -> Finding:
    try:
        return Finding(role, "ok", f"{variable} is not set; `thespis up` starts {valkey_server()}")
    except FileNotFoundError as problem:
        return Finding(role, "fail", str(problem), f"start a Redis or Valkey and set {variable}")


def _redis_server(role: str, variable: str, url: str) -> Iterator[Finding]:
    try:
        reached = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
    except ValueError:
        yield Finding(role, "fail", f"{variable} is no address of a Redis", "one looks like redis://HOST:6379/0")
        return
    with reached as client:
        try:
            client.ping()  # so that connecting is not taken for a difference between the clocks
            before = time.time()
            seconds, micros = cast(tuple[int, int], client.time())
            skew_s = abs(seconds + micros / 1e6 - (before + time.time()) / 2)
        except redis.RedisError as problem:
            advice = f"is it running, and are {variable} and its password right?"
            yield Finding(role, "fail", f"can't be reached: {problem}", advice)
            return
        yield _redis_keeping(role, client)
    if skew_s > MOST_SKEW_S:
        advice = "deadlines are moments: synchronise both machines (chrony)"
        yield Finding("clock", "fail", f"{skew_s:.2f} s apart from that of {role}", advice)


def _redis_keeping(role: str, client: "redis.Redis") -> Finding:
    """Live: nothing of it may reach a disk. Jobs: everything must."""
    try:
        told = cast(dict[str, str], client.config_get("save", "appendonly", "maxmemory-policy"))
    except redis.RedisError:
        return Finding(role, "ok", "reachable; it does not show its configuration")
    keeps = told.get("appendonly") == "yes"
    if role == "redis jobs":
        if keeps:
            return Finding(role, "ok", "reachable, append-only file")
        return Finding(role, "warn", "reachable, without append-only file", "jobs are lost with it: appendonly yes")
    if keeps or told.get("save"):
        advice = 'frames must never reach a disk: save "" and appendonly no'
        return Finding(role, "fail", "reachable, but it writes to a disk", advice)
    if told.get("maxmemory-policy") not in ("volatile-ttl", "noeviction"):
        return Finding(role, "warn", f"maxmemory-policy {told['maxmemory-policy']}", "only frames may go: volatile-ttl")
    return Finding(role, "ok", f"reachable, nothing on a disk, {told['maxmemory-policy']}")


def members(environ: Mapping[str, str], models: Path) -> Iterator[Finding]:
    """Asks each for a prediction on a blank crop."""
    try:
        text = read_variable("THESPIS_MEMBERS", environ)
        if not text:
            yield Finding("members", "ok", "THESPIS_MEMBERS is not set; `thespis up` starts them")
            return
        from ensemble_worker.settings import parse_members

        targets, known = parse_members(text), read_ensemble(models).members
    except (BadSetting, BadModelTree) as problem:
        yield Finding("members", "fail", str(problem), "correct THESPIS_MEMBERS")
        return
    for label, target in targets.items():
        name = label.partition("@")[0]
        yield _member(label, target, known[name].version if name in known else None)


def _member(name: str, target: str, version: int | None) -> Finding:
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    from ensemble_worker.tensors import BadPrediction, predict_request, probabilities_of

    if version is None:
        return Finding(f"member {name}", "fail", "models.toml does not have it", "correct THESPIS_MEMBERS")
    with grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            answer = stub.Predict(predict_request(name, bytes(CROP_BYTES), 1), timeout=TIMEOUT_S)
            probabilities_of(answer, 1)
        except (grpc.RpcError, BadPrediction) as problem:
            reason = cast(Any, problem).code().name if isinstance(problem, grpc.RpcError) else str(problem)
            advice = "is that model server running, and does it serve this model under this name?"
            return Finding(f"member {name}", "fail", f"{target} does not answer: {reason}", advice)
    served = answer.model_spec.version.value
    if served != version:
        advice = "its accuracy is not what models.toml says: serve that version, or record the new one"
        return Finding(f"member {name}", "warn", f"version {served}, models.toml says {version}", advice)
    return Finding(f"member {name}", "ok", f"version {served} at {target}")


def server(url: str) -> Iterator[Finding]:
    """TLS, readiness and clock of a running platform."""
    yield tls(url)
    try:
        answer = httpx.get(f"{url.rstrip('/')}/readyz", timeout=10, verify=False, trust_env=False)  # noqa: S501  judged above
        readiness = msgspec.json.decode(answer.content, type=Readiness)
    except (httpx.HTTPError, msgspec.DecodeError) as problem:
        yield Finding("server", "fail", f"{url} does not answer: {problem}", "is it running, and is that its address?")
        return
    if readiness.ready:
        yield Finding("server", "ok", f"ready, members {', '.join(readiness.members.used)}")
    else:
        yield Finding("server", "fail", "; ".join(readiness.missing), "docs/operations.md, Incidents")
    if date := answer.headers.get("Date"):
        skew_s = abs(parsedate_to_datetime(date).timestamp() - time.time())
        if skew_s > MOST_SKEW_OF_DATE_S:
            yield Finding("clock", "warn", f"{skew_s:.0f} s apart from the server's", "synchronise both (chrony)")


def tls(url: str) -> Finding:
    """Whether a browser would give a page from there its camera."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return _certificate(host, parts.port or 443)
    if host in LOOPBACK:
        return Finding("tls", "ok", "none, and none is needed on this machine itself")
    advice = "browsers give no camera to a page without TLS: put the Caddy of docker-compose.yml before it"
    return Finding("tls", "fail", f"{url} has none", advice)


def _certificate(host: str, port: int) -> Finding:
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT_S) as connection,
            ssl.create_default_context().wrap_socket(connection, server_hostname=host) as secured,
        ):
            certificate = cast(dict[str, Any], secured.getpeercert())
            version = secured.version()
    except ssl.SSLCertVerificationError as problem:
        advice = "browsers won't give a camera: trust the local authority's root certificate, or use a domain"
        return Finding("tls", "fail", problem.verify_message, advice)
    except (OSError, ssl.SSLError) as problem:
        return Finding("tls", "fail", f"no TLS with {host}:{port}: {problem}", "is that the address of the front door?")
    left_s = ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()
    found = f"{version}, certificate for {left_s / 86400:.0f} more days"
    if left_s < CERTIFICATE_SOON_S:
        return Finding("tls", "warn", found, "it is not being renewed: see the front door's log")
    return Finding("tls", "ok", found)
