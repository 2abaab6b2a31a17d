"""The settings of `thespis up`."""

from typing import Annotated

from msgspec import Meta

from runtime.settings import CommonSettings


class UpSettings(CommonSettings, frozen=True, kw_only=True):
    """What the starter needs beside what it passes on."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8080
    require_keys: Annotated[
        bool, Meta(description="whether keys are asked for even where only this machine can reach it: behind a proxy")
    ] = False
    insecure: Annotated[
        bool, Meta(description="whether anybody may come in without a key even from other machines")
    ] = False
    detectors: Annotated[int, Meta(ge=1, le=64, description="detector workers to start")] = 2
    ensembles: Annotated[int, Meta(ge=1, le=64, description="ensemble workers to start")] = 1
    job_workers: Annotated[
        int, Meta(ge=0, le=64, description="detector and ensemble workers for jobs to start, of each; 0 for no jobs")
    ] = 1
    data_path: Annotated[str, Meta(description="folder of what outlives the platform: jobs and their files")] = "data"
    metrics: Annotated[bool, Meta(description="whether every process serves /metrics on a free port of its own")] = (
        False
    )
    start_timeout_s: Annotated[
        float, Meta(gt=0, description="time for jobs' records to be read, and then for a first frame to come back")
    ] = 60.0
