"""`/openapi.json`: the REST API for programs, as OpenAPI 3.1; the schemas are those of the structs that are sent."""

from typing import Any, Final

import msgspec

from access.tickets import TicketWish
from contracts.api import ImageReply, ModelsReply, Problem, Readiness, TicketReply
from contracts.jobs import JobList, JobSummary, JobView, ResultPage, ResultRow
from gateway.job_options import SubmittedOptions
from gateway.job_results import ResultQuery
from gateway.jobs import JobQuery
from gateway.pictures import PictureOptions

Json = dict[str, Any]

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
SHOWN: Final = (
    ImageReply, ModelsReply, TicketReply, TicketWish, Readiness, Problem, JobView, SubmittedOptions, JobList,
    ResultPage, ResultRow, JobSummary,
)  # fmt: skip
PICTURE_TYPES: Final = ("image/jpeg", "image/png", "image/webp")
JOB_ID: Final[Json] = {
    "name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}  # fmt: skip


def document() -> Json:
    """The whole description, made anew for each call."""
    _, components = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Thespis",
            "version": "1",
            "summary": "Facial expressions in pictures and videos. Live sessions are a WebSocket: docs/protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "security": [{"key": []}],
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`thespis keys create NAME`); not needed from this machine",
                }
            },
        },
    }


def _paths() -> Json:
    return {
        "/v1/images": {
            "post": _operation(
                "analyzePicture",
                "Find the faces of one picture and how their expressions read",
                {200: _json("ImageReply", "the faces, largest first")},
                errors=(400, 408, 413, 415, 422, 503),
                parameters=_query(PictureOptions),
                body={
                    "required": True,
                    "content": {
                        **{kind: {"schema": {}} for kind in PICTURE_TYPES},
                        "multipart/form-data": {"schema": _form({"picture": {}}, ["picture"])},
                    },
                },
            )
        },
        "/v1/models": {
            "get": _operation(
                "showModels", "The members, their votes and measured accuracy", {200: _json("ModelsReply", "all of it")}
            )
        },
        "/v1/tickets": {
            "post": _operation(
                "buyTicket",
                "A ticket that opens one path for a browser, in the query of a GET: `?ticket=`",
                {201: _json("TicketReply", "the ticket")},
                errors=(400, 408, 413, 503),
                body={"required": False, "content": {JSON: {"schema": _ref("TicketWish")}}},
            )
        },
        "/healthz": {
            "get": _operation("checkAlive", "Whether the process lives", {200: _json(None, "it does")}, needs_key=False)
        },
        "/readyz": {
            "get": _operation(
                "checkReady",
                "Whether frames can be answered",
                {200: _json("Readiness", "they can"), 503: _json("Readiness", "they can't; `missing` says why")},
                needs_key=False,
            )
        },
        "/v1/jobs": {
            "get": _operation(
                "listJobs",
                "Jobs, the newest first",
                {200: _json("JobList", "one page")},
                errors=(400, 503),
                parameters=_query(JobQuery),
            ),
            "post": _operation(
                "submitJob",
                "Submit a video (mp4, mov, webm, mkv, avi, or a zip of pictures)",
                {202: _json("JobView", "the job; `Location` is where it is seen")},
                errors=(400, 408, 413, 415, 422, 429, 503, 507),
                parameters=[
                    {
                        "name": "Idempotency-Key",
                        "in": "header",
                        "description": "the same key and body give the same job, for a day",
                        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
                    }
                ],
                body={
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": _form({"video": {}, "options": _ref("SubmittedOptions")}, ["video"]),
                            "encoding": {"options": {"contentType": JSON}},
                        }
                    },
                },
            ),
        },
        "/v1/jobs/events": {
            "get": _operation(
                "watchJobs",
                "All jobs' changes as server-sent events; has no end of its own",
                {200: _typed("text/event-stream", "`job`: one that changed; `gone`: the id of a deleted one")},
                errors=(503,),
            )
        },
        "/v1/jobs/{id}": {
            "get": _of_job("showJob", "One job as it stands", {200: _json("JobView", "the job")}),
            "delete": _of_job("deleteJob", "Remove a job, its upload and results", {204: {"description": "gone"}}),
        },
        "/v1/jobs/{id}/cancel": {
            "post": _of_job("cancelJob", "End a job; what it found is thrown away", {202: _json("JobView", "the job")})
        },
        "/v1/jobs/{id}/events": {
            "get": _of_job(
                "watchJob",
                "Progress and states as server-sent events; resumes after Last-Event-ID",
                {200: _typed("text/event-stream", "events whose data is the job; the stream ends with the job")},
            )
        },
        "/v1/jobs/{id}/results": {
            "get": _of_job(
                "showResults",
                "One row a face and sampled frame, as JSON pages, NDJSON or CSV (by `format` or Accept)",
                {
                    200: {
                        "description": "rows in the order of time",
                        "content": {
                            JSON: {"schema": _ref("ResultPage")},
                            "application/x-ndjson": {"schema": {}},
                            "text/csv": {"schema": {}},
                        },
                    }
                },
                errors=(400, 409, 410),
                parameters=_query(ResultQuery),
            )
        },
        "/v1/jobs/{id}/summary": {
            "get": _of_job(
                "showSummary",
                "Each face over the whole video",
                {200: _json("JobSummary", "longest on screen first")},
                errors=RESULT_ERRORS,
            )
        },
        "/v1/jobs/{id}/timeline.png": {
            "get": _of_job(
                "showTimeline",
                "Each face's probabilities over time, drawn",
                {200: _typed("image/png", "a picture")},
                errors=RESULT_ERRORS,
            )
        },
        "/v1/jobs/{id}/annotated": {
            "get": _of_job(
                "showAnnotated",
                "The video with boxes and bars, if the job was asked for it",
                {200: _typed("video/webm", "VP9")},
                errors=RESULT_ERRORS,
            )
        },
    }


RESULT_ERRORS: Final = (409, 410, 416)
ANYBODYS_ERRORS: Final = (421, 429)
DOOR_ERRORS: Final = (401, 403, 421, 429, 503)
"""What the door answers, on every route that asks for a key: gateway/door.py."""


def _operation(
    name: str,
    summary: str,
    answers: dict[int, Json],
    *,
    errors: tuple[int, ...] = (),
    parameters: list[Json] | None = None,
    body: Json | None = None,
    needs_key: bool = True,
) -> Json:
    problems = {
        status: {"description": "a problem, in words", "content": {PROBLEM: {"schema": _ref("Problem")}}}
        for status in (*errors, *(DOOR_ERRORS if needs_key else ANYBODYS_ERRORS))
    }
    described: Json = {
        "operationId": name,
        "summary": summary,
        "responses": {str(status): answer for status, answer in sorted((answers | problems).items())},
    }
    if not needs_key:
        described["security"] = []
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = body
    return described


def _of_job(
    name: str,
    summary: str,
    answers: dict[int, Json],
    *,
    errors: tuple[int, ...] = (),
    parameters: list[Json] | None = None,
) -> Json:
    return _operation(name, summary, answers, errors=(404, 503, *errors), parameters=[JOB_ID, *(parameters or [])])


def _query(kind: type[msgspec.Struct]) -> list[Json]:
    """A struct's fields as parameters of the query."""
    (_,), components = msgspec.json.schema_components((kind,), ref_template="#/components/schemas/{name}")
    fields = components[kind.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in fields.items()
    ]


def _without_null(schema: Json) -> Json:
    """A parameter of the query is left out instead of being null."""
    kinds: list[Json] = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if not kinds:
        return {key: value for key, value in schema.items() if value is not None}
    return kinds[0]


def _form(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str | None, description: str) -> Json:
    return {"description": description, "content": {JSON: {"schema": {} if name is None else _ref(name)}}}


def _typed(content_type: str, description: str) -> Json:
    return {"description": description, "content": {content_type: {"schema": {}}}}
