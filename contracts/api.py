"""The JSON of the REST API."""

import msgspec

from contracts.protocol import Face, MemberDescription, Members, Timing


class ImageReply(msgspec.Struct, frozen=True):
    """The answer to `POST /v1/images`. Faces come largest first; `smoothed` equals `probabilities`."""

    width: int
    height: int
    faces: list[Face]
    members: Members
    timing_ms: Timing


class ModelsReply(msgspec.Struct, frozen=True):
    """The answer to `GET /v1/models`."""

    labels: list[str]
    members: list[MemberDescription]
    votes: dict[str, dict[str, float]]
    measured: dict[str, dict[str, float]]
    temperatures: dict[str, float] = {}


class Readiness(msgspec.Struct, frozen=True):
    """The answer to `GET /readyz`: what is missing, in words, is empty when all is well."""

    ready: bool
    missing: list[str]
    members: Members


class TicketReply(msgspec.Struct, frozen=True):
    """The answer to `POST /v1/tickets`."""

    ticket: str
    good_for_s: int


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem details, sent as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
