"""How the gateway answers programs: a struct as JSON."""

import msgspec
from aiohttp import web


def json_reply(body: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers)
