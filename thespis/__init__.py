"""Thespis: what a user imports and types.

from thespis import Client, JobOptions, open_stream
"""

from contracts.jobs import JobOptions, JobView, ResultRow
from thespis.client import AsyncClient, Client, ThespisError, Unreachable
from thespis.errors import BadKey
from thespis.streaming import Stream, open_stream
from thespis.sync_streaming import SyncStream

__all__ = [
    "AsyncClient", "BadKey", "Client", "JobOptions", "JobView", "ResultRow", "Stream", "SyncStream", "ThespisError",
    "Unreachable", "open_stream",
]  # fmt: skip
