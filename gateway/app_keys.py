"""What the application carries, by typed keys."""

import redis.asyncio
from aiohttp import web

from contracts.members import Ensemble
from gateway.admission import Admission, SharedAdmission, Shares
from gateway.dispatcher import Dispatcher
from gateway.door import Door
from gateway.health import ReadinessCheck
from gateway.jobs import Jobs
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings

SETTINGS = web.AppKey("settings", GatewaySettings)
ENSEMBLE = web.AppKey("ensemble", Ensemble)
DISPATCHER = web.AppKey("dispatcher", Dispatcher)
READINESS = web.AppKey("readiness", ReadinessCheck)
SESSIONS = web.AppKey("sessions", Sessions)
PICTURE_PLACES = web.AppKey("picture_places", SharedAdmission)
PICTURE_TURNS = web.AppKey("picture_turns", Admission)
EVENT_STREAMS = web.AppKey("event_streams", Shares)
JOBS = web.AppKey("jobs", Jobs)
JOBS_REDIS = web.AppKey("jobs_redis", redis.asyncio.Redis)
DOOR = web.AppKey("door", Door)
