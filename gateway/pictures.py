"""`POST /v1/images`: one picture in, its faces out."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from contracts.api import ImageReply
from contracts.geometry import CROP_SIZE
from contracts.protocol import Members
from gateway.admission import Admission
from gateway.dispatcher import Broken, Dispatcher, Expired, Undecodable, WorkError
from gateway.image_header import BadImage, ImageHeader, read_image_header
from gateway.people import People
from gateway.problems import problem_response
from gateway.session import timing_of
from gateway.settings import GatewaySettings


class PictureOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of `POST /v1/images`.

    `already_cropped`: the picture is a 48×48 crop as the members read it; it is not searched for faces.
    `explain`: each of the largest faces comes with a map of what its vote leans on.
    """

    max_faces: Annotated[int, msgspec.Meta(ge=1, le=32)] = 16
    min_face_size: Annotated[int, msgspec.Meta(ge=8, le=2000)] = 24
    vote_profile: str = "default"
    votes: bool = False
    already_cropped: bool = False
    explain: bool = False


async def analyze_picture(
    request: web.Request,
    dispatcher: Dispatcher,
    uploads: Admission,
    admission: Admission,
    settings: GatewaySettings,
    vote_profiles: list[str],
) -> web.Response:
    """Answers with ImageReply, or with the problem that whoever sent the picture can understand."""
    arrived = time.perf_counter()
    try:
        options = msgspec.convert(dict(request.query), PictureOptions, strict=False)
    except msgspec.ValidationError as problem:
        return problem_response(400, "bad_option", "Bad Request", f"the query can't be used: {problem}")
    if options.vote_profile not in vote_profiles:
        return problem_response(400, "bad_option", "Bad Request", f"vote_profile is one of {vote_profiles}")
    try:
        async with asyncio.timeout(settings.upload_timeout_s), uploads:
            picture = await _read_picture(request, settings.max_picture_bytes)
    except TimeoutError:
        late = f"the picture was not here within {settings.upload_timeout_s:g} s"
        return problem_response(408, "too_slow", "Request Timeout", late)
    try:
        header = read_image_header(picture)
    except BadImage as problem:
        return problem_response(422, "bad_image", "Unprocessable Content", str(problem))
    if (refusal := _refusal_of_size(header, options, settings)) is not None:
        return refusal
    deadline_s = settings.picture_deadline_ms / 1000
    deadline = time.time() + deadline_s
    try:
        async with asyncio.timeout(deadline_s), admission:
            reply = await dispatcher.detect(
                picture[: header.end],
                deadline=deadline,
                max_faces=options.max_faces,
                min_face_size=options.min_face_size,
                vote_profile=options.vote_profile,
                votes=options.votes,
                already_cropped=options.already_cropped,
                still=True,
                explain=options.explain,
            )
    except Undecodable as problem:
        return problem_response(422, "bad_image", "Unprocessable Content", str(problem))
    except (Expired, TimeoutError):
        return problem_response(
            503,
            "overload",
            "Service Unavailable",
            "no answer in time; try again",
            headers={"Retry-After": "1"},
        )
    except Broken as problem:
        return problem_response(500, "internal", "Internal Server Error", str(problem))
    except WorkError as problem:
        return problem_response(503, "unavailable", "Service Unavailable", str(problem), headers={"Retry-After": "1"})
    total_ms = (time.perf_counter() - arrived) * 1000
    answer = ImageReply(
        width=reply.width,
        height=reply.height,
        faces=People().meet(reply.faces, 0.0, 0.0),
        members=Members(reply.used, reply.missing),
        timing_ms=timing_of(reply, total_ms),
    )
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def _refusal_of_size(header: ImageHeader, options: PictureOptions, settings: GatewaySettings) -> web.Response | None:
    size = f"{header.width}×{header.height}"
    if options.already_cropped and (header.width, header.height) != (CROP_SIZE, CROP_SIZE):
        wanted = f"an already_cropped picture is {CROP_SIZE}×{CROP_SIZE} pixels, this one {size}"
        return problem_response(422, "bad_crop", "Unprocessable Content", wanted)
    if header.pixels > settings.max_picture_pixels:
        limit = f"{size} is more than {settings.max_picture_pixels} pixels"
        return problem_response(413, "too_many_pixels", "Content Too Large", limit)
    return None


async def _read_picture(request: web.Request, limit: int) -> bytes:
    """The body, or the first part of a multipart one, held in memory and never spooled to disk."""
    try:
        if not request.content_type.startswith("multipart/"):
            return await _read_bounded(request.content.iter_chunked(65536), limit)
        part = await (await request.multipart()).next()
        if not isinstance(part, BodyPartReader):
            raise web.HTTPBadRequest(text="the multipart body has no file in it")
        return await _read_bounded(_chunks(part), limit)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError, web.RequestPayloadError) as problem:
        # What aiohttp raises for bodies that are not what their headers say; our own errors are of other kinds.
        raise web.HTTPBadRequest(text=f"the body can't be read: {problem}") from problem


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(65536):
        yield chunk


async def _read_bounded(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    picture = bytearray()
    async for chunk in chunks:
        picture += chunk
        if len(picture) > limit:
            raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=len(picture))
    return bytes(picture)
