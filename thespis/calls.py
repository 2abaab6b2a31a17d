"""What each call of the REST API sends and what comes back; thespis/client.py carries them, waiting or awaiting."""

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from contracts.api import ImageReply, ModelsReply, Problem, Readiness
from contracts.jobs import JobList, JobOptions, JobState, JobSummary, JobView, ResultPage
from thespis.errors import BadKey, ThespisError, Unreachable

ROWS_PER_PAGE: Final = 1000

ReplyT = TypeVar("ReplyT")

Download = Literal["annotated", "timeline.png", "summary.json", "results.csv", "results.ndjson"]
"""The files that a job which has ended can be asked for."""

_FILES: Final[Mapping[Download, tuple[str, str]]] = {
    "annotated": ("/annotated", "video/webm"),
    "timeline.png": ("/timeline.png", "image/png"),
    "summary.json": ("/summary", "application/json"),
    "results.csv": ("/results", "text/csv"),
    "results.ndjson": ("/results", "application/x-ndjson"),
}


@dataclass(frozen=True, slots=True)
class Call(Generic[ReplyT]):
    """One request, and the type of its reply where it succeeds."""

    method: str
    path: str
    kind: type[ReplyT]
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    content: bytes | None = None
    data: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, IO[bytes]]] | None = None


def analyze(picture: bytes, options: Mapping[str, bool | float | str]) -> Call[ImageReply]:
    return Call("POST", "/v1/images", ImageReply, params=_query(options), content=picture)


def models() -> Call[ModelsReply]:
    return Call("GET", "/v1/models", ModelsReply)


def readiness() -> Call[Readiness]:
    return Call("GET", "/readyz", Readiness)


def submit(name: str, file: IO[bytes], options: JobOptions | None, idempotency_key: str | None) -> Call[JobView]:
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    data = {"options": msgspec.json.encode(options or JobOptions()).decode()}
    return Call("POST", "/v1/jobs", JobView, headers=headers, data=data, files={"video": (name, file)})


def job(job_id: str) -> Call[JobView]:
    return Call("GET", job_path(job_id), JobView)


def jobs(status: JobState | None, label: str | None, cursor: str | None) -> Call[JobList]:
    given = {"status": status, "label": label, "cursor": cursor}
    return Call("GET", "/v1/jobs", JobList, params=_query(given))


def cancel(job_id: str) -> Call[JobView]:
    return Call("POST", job_path(job_id, "/cancel"), JobView)


def delete(job_id: str) -> Call[None]:
    return Call("DELETE", job_path(job_id), type(None))


def results(job_id: str, cursor: str | None) -> Call[ResultPage]:
    query = _query({"cursor": cursor, "limit": ROWS_PER_PAGE})
    return Call("GET", job_path(job_id, "/results"), ResultPage, params=query)


def summary(job_id: str) -> Call[JobSummary]:
    return Call("GET", job_path(job_id, "/summary"), JobSummary)


def file(job_id: str, what: Download) -> Call[None]:
    """One of a job's files; its bytes are the reply."""
    path, accept = _FILES[what]
    return Call("GET", job_path(job_id, path), type(None), headers={"Accept": accept})


def job_path(job_id: str, part: str = "") -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}{part}"


def trusted() -> ssl.SSLContext:
    """Whom this machine trusts, and who stands in SSL_CERT_FILE: a platform on a LAN has a certificate of its own."""
    return ssl.create_default_context()


def bearer(key: str | None) -> dict[str, str]:
    """The header that shows an API key, if there is one; space around it, as of a file's last line, is no part of it.

    Raises BadKey.
    """
    if key is None:
        return {}
    key = key.strip()
    if not (key.isascii() and key.isprintable() and key) or " " in key:
        raise BadKey("that is no API key: one looks like thespis_<id>_<secret>")
    return {"Authorization": f"Bearer {key}"}


def reply_of(call: Call[ReplyT], response: httpx.Response) -> ReplyT:
    """The reply as its type. Raises ThespisError."""
    # A platform that is not ready says so with a 503, and what is missing.
    if call.kind is not Readiness or response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        check(response)
    content = response.content or b"null"
    try:
        return msgspec.json.decode(content, type=call.kind)
    except ValueError as problem:  # no JSON of ours, or no text at all
        raise ThespisError(_stranger(response)) from problem


def check(response: httpx.Response) -> None:
    """Raises ThespisError where the server refused; the response has been read."""
    if response.is_success:
        return
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except ValueError:
        problem = _stranger(response)
    wait = response.headers.get("Retry-After", "")
    raise ThespisError(problem, float(wait) if wait.isdigit() else None)


def _stranger(response: httpx.Response) -> Problem:
    return Problem("about:blank", response.reason_phrase, response.status_code, "not a Thespis server?")


def address_of(server: str) -> httpx.URL:
    """Raises Unreachable."""
    try:
        url = httpx.URL(server)
    except httpx.InvalidURL as problem:
        raise Unreachable(f"{server} is no address: {problem}") from problem
    if url.scheme not in ("http", "https") or not url.host:
        raise Unreachable(f"{server} is no address of a server; one looks like http://127.0.0.1:8080")
    return url


@contextlib.contextmanager
def reaching(server: httpx.URL) -> Iterator[None]:
    """Raises Unreachable for what goes wrong on the way to the server within the block."""
    try:
        yield
    except httpx.TransportError as problem:
        raise Unreachable(
            mistrusted(str(server), problem)
            or f"no Thespis answers at {server} ({str(problem) or type(problem).__name__}); is it running?"
        ) from problem


def mistrusted(server: str, problem: BaseException) -> str | None:
    """What to tell of a server whose certificate this machine does not trust; None for any other problem."""
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    return (
        f"the certificate of {server} is not trusted here ({cause.verify_message}): "
        "name its authority's root certificate in SSL_CERT_FILE"
    )


def _query(options: Mapping[str, bool | float | str | None]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in options.items()
        if value is not None
    }
