"""A gateway that asks for keys does not start before there is one: it would refuse everybody."""

import redis
import redis.backoff
import redis.retry

from access.keys import keys_required
from access.store import KeyStore
from gateway.settings import GatewaySettings

TRIES = 50
TRY_AGAIN_AFTER_S = 0.2


class NoKeys(RuntimeError):
    """Raised when nobody could come in; whoever starts the gateway must make a key, or say that none is needed."""


def check_keys(settings: GatewaySettings) -> None:
    """Waits for the jobs' Redis, which may start beside us. Raises NoKeys, and redis.RedisError when it is away."""
    if not keys_required(settings.host, settings.require_keys, settings.insecure):
        return
    patience = redis.retry.Retry(redis.backoff.ConstantBackoff(TRY_AGAIN_AFTER_S), TRIES)
    with redis.Redis.from_url(settings.jobs_redis_url, retry=patience) as client:
        there_are_keys = KeyStore(client).any()
    if not there_are_keys:
        raise NoKeys(
            f"whoever asks at {settings.host} needs an API key, and there is none yet: make one with "
            "`thespis keys create NAME`, or let anybody in with --insecure (THESPIS_INSECURE=true)"
        )
