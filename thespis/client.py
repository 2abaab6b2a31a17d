"""The REST API as Python: `Client` for scripts, `AsyncClient` for asyncio.

ThespisError              Raised when the server refuses; `problem` holds its RFC 9457 details.
Unreachable               Raised when no server answers at that address.
"""

from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from contracts.api import ImageReply, ModelsReply, Problem, Readiness

DEFAULT_SERVER = "http://127.0.0.1:8080"
TIMEOUT_S = 30.0


class ThespisError(Exception):
    """Raised when the server refuses a request; says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.title}: {problem.detail}")
        self.problem = problem


class Unreachable(ConnectionError):
    """Raised when no server answers; start one with `thespis up` or give its address."""


class Client:
    """A synchronous client; use it as a context manager or call `close()`."""

    def __init__(self, server: str = DEFAULT_SERVER, timeout_s: float = TIMEOUT_S) -> None:
        self._http = httpx.Client(base_url=server, timeout=timeout_s, trust_env=False)

    def analyze(self, picture: bytes, **options: bool | float | str) -> ImageReply:
        """The faces in one encoded picture; options as in docs/protocol.md. Raises ThespisError, Unreachable."""
        return _decode(self._send("POST", "/v1/images", picture, options), ImageReply)

    def models(self) -> ModelsReply:
        """The members that vote, with what was measured of them."""
        return _decode(self._send("GET", "/v1/models"), ModelsReply)

    def readiness(self) -> Readiness:
        """What is missing for a frame to have a way through."""
        return msgspec.json.decode(self._send("GET", "/readyz").content, type=Readiness)

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        options: dict[str, bool | float | str] | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, content=content, params=_query(options))
        except httpx.TransportError as problem:
            raise _unreachable(self._http.base_url, problem) from problem

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio; use it as an asynchronous context manager or call `aclose()`."""

    def __init__(self, server: str = DEFAULT_SERVER, timeout_s: float = TIMEOUT_S) -> None:
        self._http = httpx.AsyncClient(base_url=server, timeout=timeout_s, trust_env=False)

    async def analyze(self, picture: bytes, **options: bool | float | str) -> ImageReply:
        """The faces in one encoded picture; options as in docs/protocol.md. Raises ThespisError, Unreachable."""
        return _decode(await self._send("POST", "/v1/images", picture, options), ImageReply)

    async def models(self) -> ModelsReply:
        """The members that vote, with what was measured of them."""
        return _decode(await self._send("GET", "/v1/models"), ModelsReply)

    async def readiness(self) -> Readiness:
        """What is missing for a frame to have a way through."""
        return msgspec.json.decode((await self._send("GET", "/readyz")).content, type=Readiness)

    async def _send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        options: dict[str, bool | float | str] | None = None,
    ) -> httpx.Response:
        try:
            return await self._http.request(method, path, content=content, params=_query(options))
        except httpx.TransportError as problem:
            raise _unreachable(self._http.base_url, problem) from problem

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _query(options: dict[str, bool | float | str] | None) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in (options or {}).items()
    }


def _unreachable(server: httpx.URL, problem: httpx.TransportError) -> Unreachable:
    return Unreachable(f"no Thespis answers at {server} ({problem or type(problem).__name__}); is it running?")


ReplyT = TypeVar("ReplyT")


def _decode(response: httpx.Response, kind: type[ReplyT]) -> ReplyT:
    if response.is_success:
        return msgspec.json.decode(response.content, type=kind)
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem("about:blank", response.reason_phrase, response.status_code, "not a Thespis server?")
    raise ThespisError(problem)
