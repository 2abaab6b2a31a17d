"""`thespis doctor`: what this machine and this platform lack, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import click
import msgspec

from runtime.settings import BadSetting, read_settings
from thespis.settings import UpSettings

State = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """One line: what was looked at, how it is, and what to do where it is not well."""

    name: str
    state: State
    found: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]


def examine(server: str | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that can be looked at from here, the machine first. A check that fails on us is a finding, too."""
    from thespis import doctor_machine, doctor_platform

    try:
        settings = read_settings(UpSettings, environ)
    except BadSetting as problem:
        yield Finding("settings", "fail", str(problem), "correct the variable; docs/settings.md lists all of them")
        settings = UpSettings()
    models, data = Path(settings.models_path), Path(settings.data_path)
    checks: list[tuple[str, Check]] = [
        ("cpu", doctor_machine.cpu),
        ("memory", doctor_machine.memory),
        ("python", doctor_machine.python),
        ("packages", doctor_machine.packages),
        ("models", lambda: doctor_machine.models(models)),
        ("disk", lambda: doctor_machine.disk(data)),
        ("clock", doctor_machine.clock),
        ("port", lambda: doctor_machine.port(settings.host, settings.port)),
        ("redis", lambda: doctor_platform.redis_servers(environ)),
        ("members", lambda: doctor_platform.members(environ, models)),
    ]
    if server is not None:
        checks.append(("server", lambda: doctor_platform.server(server)))
    for name, check in checks:
        try:
            yield from check()
        except Exception as problem:
            # The outermost loop: one look that goes wrong must not hide the others.
            yield Finding(name, "fail", f"{type(problem).__name__}: {problem}", "a mistake of ours: report it")


def print_findings(findings: Iterable[Finding]) -> list[Finding]:
    """One line each, as soon as it is known; all of them."""
    printed = []
    for finding in findings:
        click.echo(f"{finding.state:<5} {finding.name:<16} {finding.found}")
        if finding.advice:
            click.echo(f"{'':<23}→ {finding.advice}")
        printed.append(finding)
    return printed


def worst_of(findings: Iterable[Finding]) -> State:
    states = {finding.state for finding in findings}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"
