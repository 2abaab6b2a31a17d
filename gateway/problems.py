"""Every HTTP error as RFC 9457 problem details."""

import logging
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from contracts.api import Problem

log = structlog.get_logger("thespis.gateway")

CONTENT_TYPE = "application/problem+json"

RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 calls two statuses that Python 3.11 knows by older names."""


class Problematic(Exception):
    """Raised deep in a handler for what the caller can understand; answered as problem details."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def problem_response(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """`code` ends the problem's type URI, which names the kind for programs; `detail` tells people what to do."""
    title = RENAMED.get(status) or HTTPStatus(status).phrase
    sayable = detail.encode(errors="backslashreplace").decode()  # a header's byte that is no UTF-8 may be quoted
    problem = Problem(f"urn:thespis:problem:{code}", title, status, sayable)
    return web.Response(status=status, body=msgspec.json.encode(problem), content_type=CONTENT_TYPE, headers=headers)


def log_no_quotations() -> None:
    """What is no HTTP would be quoted by aiohttp: bytes of a picture or a key, it may be. Whoever sent it is told."""
    logging.getLogger("aiohttp.server").addFilter(_quotes_nobody)


def _quotes_nobody(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


BEGUN: Final = web.RequestKey("begun", web.StreamResponse)
"""The answer whose head is on its way."""


async def note_begun(request: web.Request, response: web.StreamResponse) -> None:
    """For the signal `on_response_prepare`."""
    request[BEGUN] = response


@web.middleware
async def problems_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns aiohttp's own errors, and our mistakes, into problem details."""
    try:
        return await handler(request)
    except Problematic as problem:
        answer = problem_response(problem.status, problem.code, problem.detail, problem.headers)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        detail = error.text or error.reason
        headers = {name: value for name, value in error.headers.items() if name in {"Allow", "Retry-After"}}
        code = error.reason.lower().replace(" ", "_")
        answer = problem_response(error.status, code, detail, headers)
    except Exception:
        log.exception("request_failed", path=request.path)
        answer = problem_response(500, "internal", "the gateway failed; its log says why")
    if BEGUN not in request:
        return answer
    # A second answer would be read as bytes of the first; that the connection breaks is understood by everybody.
    if request.transport is not None:
        request.transport.abort()
    return request[BEGUN]
