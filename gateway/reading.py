"""What a request brings: its query and its body, read within limits and without a disk."""

import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import TypeVar

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.problems import Problematic

QueryT = TypeVar("QueryT", bound=msgspec.Struct)


def read_query(request: web.Request, kind: type[QueryT]) -> QueryT:
    """The query as a struct. Raises Problematic."""
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as problem:
        raise Problematic(400, "bad_option", f"the query can't be used: {problem}") from problem


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
