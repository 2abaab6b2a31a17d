"""`python -m gateway`: listens until it is stopped; SIGTERM tells every session and finishes what is in hand."""

import sys

import redis
import uvloop
from aiohttp import web

from gateway.app import make_app
from gateway.first_key import NoKeys, check_keys
from gateway.problems import log_no_quotations
from gateway.settings import GatewaySettings
from gateway.waiting import WaitingWork
from runtime.metrics_server import serve_metrics
from runtime.model_tree import BadModelTree
from runtime.settings import BadSetting
from runtime.starting import cannot_start, set_up

TRY_AGAIN = 1
"""The exit code after which a supervisor starts it again: the API keys could not be looked up yet."""


def main() -> int:
    try:
        settings = set_up("gateway", GatewaySettings)
        log_no_quotations()
        serve_metrics(settings, WaitingWork(settings.redis_url))
        check_keys(settings)
        web.run_app(
            make_app(settings),
            host=settings.host,
            port=settings.port,
            print=None,
            access_log=None,
            keepalive_timeout=settings.silent_connection_s,
            handler_cancellation=True,
            shutdown_timeout=settings.drain_timeout_s,
            loop=uvloop.new_event_loop(),
        )
    except redis.RedisError as problem:
        cannot_start("gateway", problem)
        return TRY_AGAIN
    except (BadSetting, BadModelTree, NoKeys, OSError) as problem:
        return cannot_start("gateway", problem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
