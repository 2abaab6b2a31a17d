"""A job's options as a client sends them: what can be asked for, and whether its webhook may be called."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import structlog

from contracts.jobs import JobOptions
from gateway.problems import Problematic
from gateway.settings import GatewaySettings
from jobs.webhook import NotLookedUp, check_url

log = structlog.get_logger("thespis.gateway")

LOOKUPS = 4
"""Webhooks' hosts that are looked up at once, in threads of their own: a slow name server is to hold up nobody else."""

LOOKUP_TIMEOUT_S = 3.0
"""Whoever delivers looks again, so a host not found so soon is let pass: a body that waited would be cut off."""


class SubmittedOptions(JobOptions, frozen=True, forbid_unknown_fields=True):
    """What a client may wish for a job; an option that we don't know is refused, for it would not be heeded. `members`
    empty means those that have a weight in the vote, with `votes` all; times are seconds of the video.
    """


class OptionsReader:
    """Knows the members and votes that a job can ask for."""

    def __init__(self, settings: GatewaySettings, members: list[str], vote_profiles: list[str]) -> None:
        self._settings = settings
        self._members = members
        self._vote_profiles = vote_profiles
        self._lookups = ThreadPoolExecutor(LOOKUPS, "lookups")

    async def read(self, text: bytes) -> JobOptions:
        """The options of a submission's JSON. Raises Problematic."""
        try:
            options = self._parsed(text)
            if options.webhook_url:
                await self._check_webhook(options.webhook_url)
        except ValueError as problem:  # BadWebhook is one
            raise Problematic(422, "bad_options", f"options: {problem}") from problem
        return options

    def _parsed(self, text: bytes) -> JobOptions:
        options: JobOptions = msgspec.json.decode(text, type=SubmittedOptions)
        if options.vote_profile not in self._vote_profiles:
            raise ValueError(f"vote_profile is one of {self._vote_profiles}")
        if len(set(options.members)) < len(options.members):
            raise ValueError("members names one of them twice")
        if unknown := set(options.members) - set(self._members):
            raise ValueError(f"there are no members {sorted(unknown)}; there are {self._members}")
        if options.end_s is not None and options.end_s <= options.start_s:
            raise ValueError("end_s lies after start_s")
        return options

    async def _check_webhook(self, url: str) -> None:
        look = partial(check_url, url, private_allowed=self._settings.webhooks_to_private)
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                await asyncio.get_running_loop().run_in_executor(self._lookups, look)
        except (TimeoutError, NotLookedUp):  # in a network that leads nowhere, as in docker-compose.yml, always
            log.warning("webhook_not_looked_up")
