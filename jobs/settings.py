"""What every process that has to do with jobs needs."""

import base64
from typing import Annotated

from msgspec import Meta

from runtime.settings import REDIS_URL, BadSetting, CommonSettings, variable


class JobSettings(CommonSettings, frozen=True, kw_only=True):
    """Where jobs and their files lie, and how long."""

    jobs_redis_url: Annotated[
        str,
        Meta(pattern=REDIS_URL, description="Redis for jobs: with an append-only file, so that they survive a restart"),
    ] = "redis://127.0.0.1:6380/0"
    artefacts_url: Annotated[
        str, Meta(description="where uploads and results lie: any URL that fsspec knows, such as file:// or s3://")
    ] = "file://./data/artefacts"
    results_kept_s: Annotated[float, Meta(gt=0, description="time after which a job's results are removed")] = (
        7 * 24 * 3600.0
    )
    records_kept_s: Annotated[
        float, Meta(gt=0, description="time after which the record of an ended job is removed too")
    ] = 30 * 24 * 3600.0
    sweep_orphans_s: Annotated[
        float, Meta(gt=0, description="time between searches for files of uploads that never became jobs")
    ] = 30.0
    webhook_secret: Annotated[
        str, Meta(description="whsec_ and base64: signs the messages that tell a client of a job's end; empty for none")
    ] = ""
    webhooks_to_private: Annotated[
        bool, Meta(description="whether webhooks may lead into private networks and this machine")
    ] = False
    jobs_stand_back: Annotated[
        bool, Meta(description="whether workers for jobs run only on time that live work leaves over")
    ] = True

    def __post_init__(self) -> None:
        try:
            key = base64.b64decode(self.webhook_secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if self.webhook_secret and not key:
            wanted = "it is whsec_ and base64, such as `echo whsec_$(openssl rand -base64 24)` makes"
            raise BadSetting(f"{variable('webhook_secret')} can't be used: {wanted}")
