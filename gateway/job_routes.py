"""The routes of `/v1/jobs`; docs/jobs.md and `/openapi.json` tell them."""

from aiohttp import web

from gateway import app_keys, job_events, job_results

routes = web.RouteTableDef()


@routes.post("/v1/jobs")
async def submit(request: web.Request) -> web.StreamResponse:
    return await request.app[app_keys.JOBS].submit(request)


@routes.get("/v1/jobs")
async def show_page(request: web.Request) -> web.StreamResponse:
    return await request.app[app_keys.JOBS].show_page(request)


@routes.get("/v1/jobs/events", allow_head=False)
async def all_events(request: web.Request) -> web.StreamResponse:
    with job_events.counted(request, request.app[app_keys.EVENT_STREAMS]):
        return await job_events.all_events(request, request.app[app_keys.JOBS], request.app[app_keys.JOBS_REDIS])


@routes.get("/v1/jobs/{id}")
async def show(request: web.Request) -> web.StreamResponse:
    return await request.app[app_keys.JOBS].show(request.match_info["id"])


@routes.delete("/v1/jobs/{id}")
async def delete(request: web.Request) -> web.StreamResponse:
    return await request.app[app_keys.JOBS].delete(request.match_info["id"])


@routes.post("/v1/jobs/{id}/cancel")
async def cancel(request: web.Request) -> web.StreamResponse:
    return await request.app[app_keys.JOBS].cancel(request.match_info["id"])


@routes.get("/v1/jobs/{id}/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    with job_events.counted(request, request.app[app_keys.EVENT_STREAMS]):
        return await job_events.events(request, request.app[app_keys.JOBS], request.app[app_keys.JOBS_REDIS])


@routes.get("/v1/jobs/{id}/results")
async def results(request: web.Request) -> web.StreamResponse:
    return await job_results.results(request, request.app[app_keys.JOBS])


@routes.get("/v1/jobs/{id}/summary")
async def summary(request: web.Request) -> web.StreamResponse:
    return await job_results.file_of(request, request.app[app_keys.JOBS], "summary.json", "application/json")


@routes.get("/v1/jobs/{id}/timeline.png")
async def timeline(request: web.Request) -> web.StreamResponse:
    return await job_results.file_of(request, request.app[app_keys.JOBS], "timeline.png", "image/png")


@routes.get("/v1/jobs/{id}/annotated")
async def annotated(request: web.Request) -> web.StreamResponse:
    return await job_results.file_of(request, request.app[app_keys.JOBS], "annotated.webm", "video/webm")
