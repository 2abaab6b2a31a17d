"""Thespis: what a user imports and types.

from thespis import Client, open_stream
"""

from thespis.client import AsyncClient, Client, ThespisError, Unreachable
from thespis.streaming import Stream, open_stream

__all__ = ["AsyncClient", "Client", "Stream", "ThespisError", "Unreachable", "open_stream"]
