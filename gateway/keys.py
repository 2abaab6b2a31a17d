"""What the application carries, by typed keys."""

from aiohttp import web

from contracts.members import Ensemble
from gateway.admission import Admission
from gateway.dispatcher import Dispatcher
from gateway.settings import GatewaySettings
from gateway.stream import Sessions

SETTINGS = web.AppKey("settings", GatewaySettings)
ENSEMBLE = web.AppKey("ensemble", Ensemble)
DISPATCHER = web.AppKey("dispatcher", Dispatcher)
SESSIONS = web.AppKey("sessions", Sessions)
UPLOAD_ADMISSION = web.AppKey("upload_admission", Admission)
PICTURE_ADMISSION = web.AppKey("picture_admission", Admission)
