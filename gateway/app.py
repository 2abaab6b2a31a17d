"""The gateway's application: its routes and what it holds while it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.backoff
from aiohttp import web

from access.keys import keys_required
from access.limits import Limits, patient_redis
from access.ring import KeyRing
from access.store import KeyStore
from access.tickets import Tickets, TicketWish
from contracts.api import ModelsReply, TicketReply
from gateway import app_keys, job_events, job_routes
from gateway.admission import Admission, SharedAdmission, Shares
from gateway.dispatcher import Dispatcher
from gateway.door import CALLER, Door, scoped
from gateway.health import ReadinessCheck
from gateway.jobs import Jobs
from gateway.middlewares import add_private_headers, door, own_jobs, steady_body, while_key_lasts
from gateway.openapi import document
from gateway.page import serve_page
from gateway.pictures import analyze_picture
from gateway.problems import Problematic, note_begun, problems_middleware
from gateway.reading import read_json
from gateway.replies import json_reply
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from gateway.stream import describe_members, stream
from jobs.artefacts import Artefacts
from jobs.bells import Bells
from jobs.store import JobStore
from runtime import tracing
from runtime.celery_app import make_celery
from runtime.model_tree import read_ensemble

REDIS_TIMEOUT_S = 1.0

PICTURES_SHARE = 4
"""One key or address has a fourth of the places for pictures: who sends slowly or much holds up nobody else."""

MOST_EVENT_STREAMS = 1000
"""Of this gateway, each with a connection to the jobs' Redis of its own; how many of one key: gateway/job_events.py."""

routes = web.RouteTableDef()


@routes.get("/v1/stream")
async def open_stream(request: web.Request) -> web.StreamResponse:
    return await stream(request, request.app[app_keys.SESSIONS], request.app[app_keys.DOOR])


@routes.post("/v1/images")
async def post_image(request: web.Request) -> web.Response:
    app = request.app
    with tracing.begin("picture"):
        return await analyze_picture(
            request,
            app[app_keys.DISPATCHER],
            app[app_keys.PICTURE_PLACES],
            app[app_keys.PICTURE_TURNS],
            app[app_keys.SETTINGS],
            list(app[app_keys.ENSEMBLE].votes),
        )


@routes.get("/v1/models")
async def models(request: web.Request) -> web.Response:
    ensemble = request.app[app_keys.ENSEMBLE]
    return json_reply(
        ModelsReply(
            labels=ensemble.labels,
            members=describe_members(ensemble),
            votes={name: vote.weights for name, vote in ensemble.votes.items()},
            temperatures={name: vote.temperature for name, vote in ensemble.votes.items()},
            measured={name: vote.measured for name, vote in ensemble.votes.items()},
        )
    )


@routes.post("/v1/tickets")
async def post_ticket(request: web.Request) -> web.Response:
    wish = await read_json(request, TicketWish)
    # Refused here, where the asker is told why: a browser hides what answer its WebSocket or event source got.
    caller = scoped(request[CALLER], wish.path)
    try:
        ticket, good_for_s = await request.app[app_keys.DOOR].tickets.issue(caller, wish.path)
    except redis.RedisError as problem:
        raise Problematic(503, "unavailable", "tickets can't be given out now", {"Retry-After": "2"}) from problem
    return json_reply(TicketReply(ticket, good_for_s), status=201)


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    return web.json_response(document())


@routes.get("/healthz")
async def alive(request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    readiness = await request.app[app_keys.READINESS].now()
    return json_reply(readiness, status=200 if readiness.ready else 503)


def make_app(settings: GatewaySettings) -> web.Application:
    """Raises BadModelTree when there is no ensemble to speak of."""
    app = web.Application(middlewares=[problems_middleware, door, while_key_lasts, own_jobs, steady_body])
    app[app_keys.SETTINGS] = settings
    app[app_keys.ENSEMBLE] = read_ensemble(Path(settings.models_path))
    app[app_keys.PICTURE_PLACES] = SharedAdmission(settings.max_uploads, max(1, settings.max_uploads // PICTURES_SHARE))
    app[app_keys.EVENT_STREAMS] = Shares()
    app[app_keys.PICTURE_TURNS] = Admission(settings.max_pictures_in_flight)
    app.add_routes(routes)
    app.add_routes(job_routes.routes)
    serve_page(app, Path(settings.web_path))
    app.on_response_prepare.append(add_private_headers)
    app.on_response_prepare.append(note_begun)
    app.cleanup_ctx.append(hold_dispatcher)
    app.cleanup_ctx.append(hold_jobs)
    app.cleanup_ctx.append(hold_door)
    app.on_shutdown.append(drain_sessions)
    return app


async def hold_dispatcher(app: web.Application) -> AsyncIterator[None]:
    """Redis, the listener for replies and the sessions, for as long as the gateway lives."""
    settings = app[app_keys.SETTINGS]
    client = redis.asyncio.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        # One more try finds Redis again after a restart; more would outlast the frame.
        retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 1),
    )
    app[app_keys.DISPATCHER] = Dispatcher(client, make_celery(settings.redis_url))
    app[app_keys.READINESS] = ReadinessCheck(app[app_keys.DISPATCHER], app[app_keys.ENSEMBLE], settings.member_quorum)
    app[app_keys.SESSIONS] = Sessions(app[app_keys.DISPATCHER], app[app_keys.ENSEMBLE], settings)
    listener = asyncio.create_task(app[app_keys.DISPATCHER].listen())
    yield
    listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listener
    await client.aclose()


async def hold_jobs(app: web.Application) -> AsyncIterator[None]:
    """The jobs' Redis and artefact store, for as long as the gateway lives."""
    settings, ensemble = app[app_keys.SETTINGS], app[app_keys.ENSEMBLE]
    blocking = redis.Redis.from_url(settings.jobs_redis_url, socket_connect_timeout=REDIS_TIMEOUT_S)
    app[app_keys.JOBS_REDIS] = redis.asyncio.Redis.from_url(
        settings.jobs_redis_url, socket_timeout=job_events.REDIS_TIMEOUT_S, max_connections=MOST_EVENT_STREAMS
    )
    app[app_keys.JOBS] = Jobs(
        JobStore(blocking),
        Bells(make_celery(settings.jobs_redis_url), blocking),
        Artefacts(settings.artefacts_url),
        settings,
        list(ensemble.members),
        list(ensemble.votes),
    )
    yield
    await app[app_keys.JOBS_REDIS].aclose()
    blocking.close()


def tickets_redis_url(settings: GatewaySettings) -> str:
    """The jobs' Redis, which all shards share; where nobody needs a key there may be none, and no ticket is needed."""
    keyed = keys_required(settings.host, settings.require_keys, settings.insecure)
    return settings.jobs_redis_url if keyed else settings.redis_url


async def hold_door(app: web.Application) -> AsyncIterator[None]:
    """Keys and tickets from the jobs' Redis, counts from the live one, for as long as the gateway lives."""
    settings = app[app_keys.SETTINGS]
    records = redis.Redis.from_url(
        settings.jobs_redis_url, socket_connect_timeout=REDIS_TIMEOUT_S, socket_timeout=REDIS_TIMEOUT_S
    )
    shared, live = (patient_redis(url, REDIS_TIMEOUT_S) for url in (tickets_redis_url(settings), settings.redis_url))
    app[app_keys.DOOR] = Door(settings, KeyRing(KeyStore(records)), Tickets(shared), Limits(live))
    yield
    await shared.aclose()
    await live.aclose()
    records.close()


async def drain_sessions(app: web.Application) -> None:
    await app[app_keys.SESSIONS].drain()
