"""The page: where its files are, and the headers that let it talk to nobody but us."""

import base64
import hashlib
import re
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway import app_keys

routes = web.RouteTableDef()


@routes.get("/")
async def page(request: web.Request) -> web.FileResponse:
    return web.FileResponse(Path(request.app[app_keys.SETTINGS].web_path) / "index.html")


@routes.get("/docs")
async def api_page(request: web.Request) -> web.FileResponse:
    return web.FileResponse(Path(request.app[app_keys.SETTINGS].web_path) / "api.html")


@web.middleware
async def without_packages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whichever way the path is written: what npm installed lies in the page's folder, and is no part of the page."""
    if "node_modules" in request.path.split("/"):
        raise web.HTTPNotFound
    return await handler(request)


def serve_page(app: web.Application, web_path: Path) -> None:
    """Adds the page's routes and headers. Of what npm installed only uPlot is served, as `/web/vendor/uplot/`."""
    app.add_routes(routes)
    app.router.add_static("/web/vendor/uplot/", web_path / "node_modules" / "uplot" / "dist")
    app.router.add_static("/web/", web_path)
    app.middlewares.append(without_packages)
    headers = security_headers((web_path / "index.html").read_text())

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)
        if request.path in ("/", "/docs") or request.path.startswith("/web/"):
            response.headers["Cache-Control"] = "no-cache"

    app.on_response_prepare.append(add_headers)


def security_headers(index_html: str) -> dict[str, str]:
    """Browsers take import maps inline only: its hash stands in the policy, and no other inline script runs."""
    import_maps = re.findall(r'<script type="importmap">(.*?)</script>', index_html, re.DOTALL)
    hashes = "".join(f" 'sha256-{_sha256(text)}'" for text in import_maps)
    return {
        "Content-Security-Policy": (
            "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
            f"style-src 'self'; script-src 'self'{hashes}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
