"""`POST /v1/images`: one picture in, its faces out."""

import asyncio
import time
from typing import Annotated

import msgspec
from aiohttp import BodyPartReader, web

from contracts.api import ImageReply
from contracts.geometry import CROP_SIZE
from contracts.protocol import Members
from faces.people import People
from gateway.admission import Admission, Full, SharedAdmission
from gateway.dispatcher import Broken, Dispatcher, Expired, Undecodable, WorkError
from gateway.door import ADDRESS, CALLER, asker
from gateway.image_header import BadImage, ImageHeader, read_image_header
from gateway.problems import Problematic
from gateway.reading import chunks_of, read_query, readable_body, whole
from gateway.replies import json_reply
from gateway.settings import GatewaySettings
from gateway.timing import timing_of

CHUNK_BYTES = 64 * 1024


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
    places: SharedAdmission,
    turns: Admission,
    settings: GatewaySettings,
    vote_profiles: list[str],
) -> web.Response:
    """Answers with ImageReply. Raises Problematic for what whoever sent the picture can understand.

    A place is held until the answer is there: pictures that wait for the detector are bounded, too, and shared out.
    """
    arrived = time.perf_counter()
    options = read_query(request, PictureOptions)
    if options.vote_profile not in vote_profiles:
        raise Problematic(400, "bad_option", f"vote_profile is one of {vote_profiles}")
    who = asker(request[CALLER], request[ADDRESS])
    try:
        async with places.place(who, within_s=settings.picture_deadline_ms / 1000):
            picture = await _received(request, settings)
            answer = await _analyzed(picture, options, dispatcher, turns, who, settings, arrived)
    except Full as problem:
        full = "all places for pictures are taken; try again"
        raise Problematic(503, "overload", full, {"Retry-After": "1"}) from problem
    return json_reply(answer)


async def _analyzed(
    picture: bytes,
    options: PictureOptions,
    dispatcher: Dispatcher,
    turns: Admission,
    who: str,
    settings: GatewaySettings,
    arrived: float,
) -> ImageReply:
    deadline_s = settings.picture_deadline_ms / 1000
    deadline = time.time() + deadline_s
    try:
        async with asyncio.timeout(deadline_s):
            header = await asyncio.to_thread(read_image_header, picture)
            _check_size(header, options, settings)
            async with turns.place(who):
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
    except (BadImage, Undecodable) as problem:
        raise Problematic(422, "bad_image", str(problem)) from problem
    except (Expired, TimeoutError) as problem:
        raise Problematic(503, "overload", "no answer in time; try again", {"Retry-After": "1"}) from problem
    except Broken as problem:
        raise Problematic(500, "internal", str(problem)) from problem
    except WorkError as problem:
        raise Problematic(503, "unavailable", str(problem), {"Retry-After": "1"}) from problem
    total_ms = (time.perf_counter() - arrived) * 1000
    return ImageReply(
        width=reply.width,
        height=reply.height,
        faces=People().meet(reply.faces, 0.0, 0.0),
        members=Members(reply.used, reply.missing),
        timing_ms=timing_of(reply, total_ms),
    )


def _check_size(header: ImageHeader, options: PictureOptions, settings: GatewaySettings) -> None:
    size = f"{header.width}×{header.height}"
    if options.already_cropped and (header.width, header.height) != (CROP_SIZE, CROP_SIZE):
        wanted = f"an already_cropped picture is {CROP_SIZE}×{CROP_SIZE} pixels, this one {size}"
        raise Problematic(422, "bad_crop", wanted)
    if header.pixels > settings.max_picture_pixels:
        limit = f"{size} is more than {settings.max_picture_pixels} pixels"
        raise Problematic(413, "too_many_pixels", limit)


async def _received(request: web.Request, settings: GatewaySettings) -> bytes:
    try:
        async with asyncio.timeout(settings.upload_timeout_s):
            return await _read_picture(request, settings.max_picture_bytes)
    except TimeoutError as problem:
        late = f"the picture was not here within {settings.upload_timeout_s:g} s"
        raise Problematic(408, "too_slow", late) from problem


async def _read_picture(request: web.Request, limit: int) -> bytes:
    """The body, or the first part of a multipart one."""
    with readable_body():
        if not request.content_type.startswith("multipart/"):
            return await whole(request.content.iter_chunked(CHUNK_BYTES), limit)
        part = await (await request.multipart()).next()
        if not isinstance(part, BodyPartReader):
            raise Problematic(400, "bad_request", "the multipart body has no file in it")
        return await whole(chunks_of(part, CHUNK_BYTES), limit)
