"""`thespis keys`: who may use a platform that other machines can reach."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from access.keys import SCOPES, Quotas, Scope, make_key
from thespis.job_commands import print_json
from thespis.plain_errors import one_line_errors

if TYPE_CHECKING:
    from access.store import KeyStore

DEFAULTS = Quotas()
DEFAULT_SCOPES = "stream,images,jobs"

data_path_option = click.option(
    "--data-path", envvar="THESPIS_DATA_PATH", default="data", type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the platform, where THESPIS_JOBS_REDIS_URL is not set.  [THESPIS_DATA_PATH, default data]",
)  # fmt: skip


class ScopeList(click.ParamType[list[Scope]]):
    """Scopes by commas."""

    name = "scopes"

    def convert(
        self, value: str | list[Scope], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[Scope]:
        if not isinstance(value, str):
            return value
        names = [name.strip() for name in value.split(",")]
        if unknown := [name for name in names if name not in SCOPES]:
            self.fail(f"there is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}", param, ctx)
        return [scope for scope in SCOPES if scope in names]


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of a platform.

    They lie in the jobs Redis: the one of THESPIS_JOBS_REDIS_URL, or that of the data folder of `thespis up`.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--scopes", type=ScopeList(), default=DEFAULT_SCOPES, show_default=True,
    help=f"What it may do, by commas: {', '.join(SCOPES)}.",
)  # fmt: skip
@click.option("--per-minute", type=click.IntRange(1), default=DEFAULTS.per_minute, show_default=True,
              help="Requests a minute.")  # fmt: skip
@click.option("--sessions", type=click.IntRange(0), default=DEFAULTS.sessions, show_default=True,
              help="Live sessions at once.")  # fmt: skip
@click.option("--unfinished-jobs", type=click.IntRange(0), default=DEFAULTS.unfinished_jobs, show_default=True,
              help="Jobs queued or running at once.")  # fmt: skip
@click.option("--stored-jobs", type=click.IntRange(0), default=DEFAULTS.stored_jobs, show_default=True,
              help="Jobs that are kept, ended ones too.")  # fmt: skip
@click.option("--once", is_flag=True, help="Do nothing where there is a key already.")
@data_path_option
def create(name: str, scopes: list[Scope], once: bool, data_path: Path, **quotas: int) -> None:
    """Make a key called NAME and print it, this once: only a hash of it is kept.

    Example: thespis keys create laptop --scopes stream,images
    """
    key, text = make_key(name, scopes, msgspec.convert(quotas, Quotas))
    with _store(data_path) as store:
        made = store.add(key, only_first=once)
    if not made:
        click.echo("there is a key already; none was made", err=True)
        return
    click.echo(f"key {key.id} ({name}) may: {', '.join(scopes)}. It is shown this once:", err=True)
    click.echo(text)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON and nothing else.")
@data_path_option
def list_keys(as_json: bool, data_path: Path) -> None:
    """Show the keys: what each may do, and when it was last used."""
    with _store(data_path) as store:
        found = store.all()
    if as_json:
        print_json([
            {
                "id": key.id, "name": key.name, "scopes": key.scopes, "quotas": key.quotas, "created_s": key.created_s,
                "last_used_s": used_s,
            }
            for key, used_s in found
        ])  # fmt: skip
        return
    if not found:
        click.echo("There are no keys; `thespis keys create NAME` makes one.")
        return

    from rich.table import Table

    from thespis.job_words import console_for_tables

    table = Table("ID", "NAME", "MAY", "MADE", "LAST USED", box=None)
    for key, used_s in found:
        table.add_row(key.id, key.name, ", ".join(key.scopes), _day(key.created_s), _day(used_s))
    console_for_tables().print(table)


@keys.command()
@click.argument("key_id", metavar="ID")
@data_path_option
def revoke(key_id: str, data_path: Path) -> None:
    """Take key ID back: within seconds it opens nothing, and its live sessions end. Its jobs stay for `admin` keys."""
    with _store(data_path) as store:
        known = store.revoke(key_id)
    if not known:
        raise click.ClickException(f"there is no key {key_id}; `thespis keys list` shows them")
    click.echo(f"key {key_id} is revoked")


@contextlib.contextmanager
def _store(data_path: Path) -> Iterator["KeyStore"]:
    """The platform's keys; what goes wrong on the way is one line."""
    import redis

    from access.store import KeyStore
    from runtime.settings import BadSetting
    from thespis.data_folder import FolderTaken
    from thespis.keys_redis import keys_redis

    try:
        with one_line_errors(), keys_redis(data_path, os.environ) as client:
            yield KeyStore(client)
    except (redis.RedisError, BadSetting, FolderTaken) as problem:
        raise click.ClickException(str(problem)) from problem


def _day(at_s: float | None) -> str:
    return "never" if at_s is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at_s))
