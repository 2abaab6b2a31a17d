"""The gateway's settings."""

from typing import Annotated

from msgspec import Meta

from jobs.settings import JobSettings


class GatewaySettings(JobSettings, frozen=True, kw_only=True):
    """What a gateway needs."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on")] = 8080
    web_path: Annotated[str, Meta(description="folder of the page")] = "web"
    allowed_origins: Annotated[
        str,
        Meta(description="origins (scheme://host:port, by commas) that may open sessions beside its own; * for all"),
    ] = ""
    allowed_hosts: Annotated[
        str, Meta(description="names (by commas) under which pages may reach it where it asks for no key")
    ] = ""
    require_keys: Annotated[
        bool, Meta(description="whether keys are asked for even where only this machine can reach it: behind a proxy")
    ] = False
    insecure: Annotated[
        bool, Meta(description="whether anybody may come in without a key even from other machines")
    ] = False
    max_requests_per_minute: Annotated[
        int,
        Meta(ge=1, description="requests without a key from one address, over all gateways; not this machine's own"),
    ] = 600
    silent_connection_s: Annotated[
        float, Meta(gt=0, description="time in which a connection must have sent the headers of its next request")
    ] = 75.0
    body_stall_s: Annotated[
        float, Meta(gt=0, description="time in which another 16 KiB of a body must have come, or its end")
    ] = 30.0
    # Bounded, so that what the page and each session promise of how long pixels are held is true of every server.
    frame_deadline_ms: Annotated[
        int, Meta(ge=50, le=1500, description="time in which every live frame is answered")
    ] = 1000
    picture_deadline_ms: Annotated[
        int, Meta(ge=50, le=10_500, description="time in which a single picture is answered")
    ] = 10_000
    max_frame_bytes: Annotated[int, Meta(ge=1024, description="largest live frame")] = 1024 * 1024
    max_frame_pixels: Annotated[int, Meta(ge=1, description="most pixels of a live frame")] = 1920 * 1080
    max_picture_bytes: Annotated[int, Meta(ge=1024, description="largest single picture")] = 20 * 1024 * 1024
    max_picture_pixels: Annotated[int, Meta(ge=1, description="most pixels of a single picture")] = 25_000_000
    max_uploads: Annotated[
        int,
        Meta(
            ge=1, description="single pictures that are received or worked on at once; one key or address has a fourth"
        ),
    ] = 8
    upload_timeout_s: Annotated[
        float, Meta(gt=0, description="time in which a single picture must have been received")
    ] = 30.0
    max_upload_bytes: Annotated[int, Meta(ge=1024, description="largest video of a job")] = 2 * 1024**3
    max_unfinished_jobs: Annotated[int, Meta(ge=1, description="jobs that are queued or running at once")] = 100
    max_fps: Annotated[float, Meta(gt=0, description="frames a second that one session may send")] = 60.0
    max_frames_in_flight: Annotated[int, Meta(ge=1, description="frames of one session that are worked on at once")] = 2
    max_work_in_flight: Annotated[
        int, Meta(ge=1, description="frames of all this gateway's sessions that are worked on at once")
    ] = 8
    max_pictures_in_flight: Annotated[int, Meta(ge=1, description="single pictures that are worked on at once")] = 4
    max_faces: Annotated[int, Meta(ge=1, le=32, description="most faces of one frame")] = 16
    max_bad_frames_in_a_row: Annotated[int, Meta(ge=1, description="unusable messages in a row that end a session")] = 5
    max_sessions: Annotated[int, Meta(ge=1, description="sessions of this gateway")] = 200
    max_sessions_per_address: Annotated[
        int, Meta(ge=1, description="sessions from one address, or one /64 of IPv6")
    ] = 50
    proxies: Annotated[
        int,
        Meta(ge=0, description="reverse proxies before the gateway, whose X-Forwarded-For tells a client's address"),
    ] = 0
    max_unsent_messages: Annotated[
        int, Meta(ge=1, description="answers that wait for a slow reader before its session is ended")
    ] = 512
    idle_timeout_s: Annotated[float, Meta(gt=0, description="silence that ends a session")] = 60.0
    ping_interval_s: Annotated[
        float, Meta(gt=0, description="time between pings; no pong within half of it ends the session")
    ] = 20.0
    drain_timeout_s: Annotated[
        float, Meta(gt=0, description="time that frames in hand have when the gateway is stopped")
    ] = 3.0
    member_quorum: Annotated[
        float, Meta(ge=0, le=1, description="share of the members that must answer for /readyz")
    ] = 0.5
