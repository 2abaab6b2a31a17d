"""What a request brings: its query and its body, read within limits and without a disk."""

import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import TypeVar

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.problems import Problematic

QueryT = TypeVar("QueryT", bound=msgspec.Struct)

MOST_JSON_BYTES = 64 * 1024


def read_query(request: web.Request, kind: type[QueryT]) -> QueryT:
    """The query as a struct, without the ticket that the door has seen. Raises Problematic."""
    given = {name: value for name, value in request.query.items() if name != "ticket"}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as problem:
        raise Problematic(400, "bad_option", f"the query can't be used: {problem}") from problem


async def read_json(request: web.Request, kind: type[QueryT]) -> QueryT:
    """The body as a struct; no body is an empty object. Raises Problematic."""
    with readable_body():
        body = await whole(request.content.iter_any(), MOST_JSON_BYTES)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.DecodeError as problem:
        raise Problematic(400, "bad_request", f"the body can't be used: {problem}") from problem


@contextlib.contextmanager
def readable_body() -> Iterator[None]:
    """Turns what aiohttp raises for a body that is not what its headers say into a Problematic of the sender's."""
    try:
        yield
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError, web.RequestPayloadError) as problem:
        raise Problematic(400, "bad_request", f"the body can't be read: {problem}") from problem


async def chunks_of(part: BodyPartReader, chunk_bytes: int) -> AsyncIterator[bytes]:
    """A part of a multipart body, never held whole. aiohttp's own `post()` would spool it to disk."""
    while chunk := await part.read_chunk(chunk_bytes):
        yield bytes(chunk)


async def whole(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """All of it, in memory. Raises Problematic for more than `limit` bytes."""
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise Problematic(413, "too_large", f"at most {limit} bytes are taken here")
    return bytes(data)
