"""Reads a service's settings once from the environment.

A settings class is a frozen `msgspec.Struct`; a field `frame_ttl_ms` is the variable `THESPIS_FRAME_TTL_MS`. Each field
carries its description in `msgspec.Meta`, from which `docs/settings.md` is checked. A secret needs no place in the
environment: `THESPIS_REDIS_URL_FILE` names a file that holds the value.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

PREFIX = "THESPIS_"

REDIS_URL = "^(rediss?|unix)://"

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)


class BadSetting(ValueError):
    """Raised when a variable's value can't be used; whoever set it must correct it."""


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service has."""

    redis_url: Annotated[
        str,
        msgspec.Meta(
            pattern=REDIS_URL, description="Redis for live work: no persistence wanted, frames pass through it"
        ),
    ] = "redis://127.0.0.1:6379/0"
    models_path: Annotated[str, msgspec.Meta(description="folder that holds models.toml and the members")] = "models"
    log_level: Annotated[
        str, msgspec.Meta(pattern="(?i)^(debug|info|warning|error)$", description="debug, info, warning or error")
    ] = "info"
    log_format: Annotated[
        str, msgspec.Meta(pattern="(?i)^(text|json)$", description="text for people, json for machines")
    ] = "text"
    metrics_host: Annotated[
        str, msgspec.Meta(description="address of /metrics and of the process's own /healthz; for inside only")
    ] = "127.0.0.1"
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="their port; 0 for none")] = 0
    traces_endpoint: Annotated[
        str, msgspec.Meta(description="OTLP over HTTP, such as http://collector:4318/v1/traces; empty for no traces")
    ] = ""
    traces_share: Annotated[float, msgspec.Meta(ge=0, le=1, description="share of frames and jobs to trace")] = 0.01


class WorkerSettings(CommonSettings, frozen=True, kw_only=True):
    """What every Celery worker has beside."""

    max_worker_rss_mb: Annotated[
        int,
        msgspec.Meta(ge=0, description="a worker that holds more ends after its task, to be started anew; 0 for never"),
    ] = 1024


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def read_settings(kind: type[SettingsT], environ: Mapping[str, str]) -> SettingsT:
    """Builds `kind` from the environment. Raises BadSetting naming the variable that can't be used."""
    values = {}
    for field in msgspec.structs.fields(kind):
        name = variable(field.name)
        text = read_variable(name, environ)
        if text is None:
            continue
        try:
            values[field.name] = msgspec.convert(text, field.type, strict=False)
        except msgspec.ValidationError as problem:
            # What a file holds may be a secret.
            shown = f"={text!r}" if name in environ else f"_FILE={environ[name + '_FILE']!r}"
            raise BadSetting(f"{name}{shown} can't be used: {problem}") from problem
    return kind(**values)


def read_variable(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable's value, or what the file holds that its `_FILE` names; None without either. Raises BadSetting."""
    if name in environ or (path := environ.get(name + "_FILE")) is None:
        return environ.get(name)
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadSetting(f"{name}_FILE={path!r} can't be read: {problem}") from problem
