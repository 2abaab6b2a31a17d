"""Settings are read, checked and written down."""

import re
from pathlib import Path

import click
import msgspec
import pytest

from bench.command import live
from bench.job_command import jobs as bench_jobs
from bench.soak_command import soak
from detector_worker.settings import DetectorSettings
from ensemble_worker.settings import EnsembleSettings, parse_canaries, parse_members
from gateway.settings import GatewaySettings
from runtime.pixels import OUTLIVES_DEADLINE_MS
from runtime.settings import BadSetting, read_settings, variable
from thespis.command_line import analyze, doctor, up
from thespis.job_commands import cancel, delete, job, jobs, submit
from thespis.key_commands import create, list_keys, revoke
from thespis.settings import UpSettings

KINDS = [GatewaySettings, DetectorSettings, EnsembleSettings, UpSettings]
PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()


def test_what_is_not_set_has_its_default() -> None:
    assert read_settings(GatewaySettings, {}) == GatewaySettings()


def test_values_are_taken_with_their_types() -> None:
    settings = read_settings(GatewaySettings, {"THESPIS_PORT": "9000", "THESPIS_MAX_FPS": "12.5", "PORT": "1"})
    assert (settings.port, settings.max_fps) == (9000, 12.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [("THESPIS_PORT", "high"), ("THESPIS_PORT", "70000"), ("THESPIS_MAX_FPS", "0"), ("THESPIS_MAX_FPS", "")],
)
def test_a_value_that_can_not_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings(GatewaySettings, {name: value})


def test_no_setting_makes_the_page_promise_too_much() -> None:
    """`keptBody` in web/texts.js: a live picture is held for two seconds at most, an explained one for eleven."""
    outlives = OUTLIVES_DEADLINE_MS
    for name, promised in (("THESPIS_FRAME_DEADLINE_MS", 2_000), ("THESPIS_PICTURE_DEADLINE_MS", 11_000)):
        assert read_settings(GatewaySettings, {name: str(promised - outlives)})
        with pytest.raises(BadSetting, match=name):
            read_settings(GatewaySettings, {name: str(promised - outlives + 1)})


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(BadSetting, match="THESPIS_DETECTOR"):
        read_settings(DetectorSettings, {"THESPIS_DETECTOR": "eyes"})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_setting_is_in_the_table_with_its_default(kind: type[msgspec.Struct]) -> None:
    rows = dict(re.findall(r"^\| `(THESPIS_\w+)` \| [^|]+ \| `([^`]*)` \|", PAGE, re.MULTILINE))
    for field in msgspec.structs.fields(kind):
        written = rows.get(variable(field.name))
        assert written is not None, f"{variable(field.name)} is not in docs/settings.md"
        assert written == (str(field.default) if field.default != "" else "empty")


def test_the_table_has_no_setting_that_is_gone() -> None:
    known = {variable(field.name) for kind in KINDS for field in msgspec.structs.fields(kind)}
    assert set(re.findall(r"^\| `(THESPIS_\w+)`", PAGE, re.MULTILINE)) <= known


def test_members_are_names_and_addresses() -> None:
    assert parse_members("a=host:1, b=10.0.0.1:8500") == {"a": "host:1", "b": "10.0.0.1:8500"}


@pytest.mark.parametrize("text", ["", "a", "a=", "=host:1", "a=host"])
def test_members_without_an_address_are_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="THESPIS_MEMBERS"):
        parse_members(text)


@pytest.mark.parametrize("text", ["a=host:1,a=host:2", "a=host:1,a@3=host:2", "a@2=host:1,a@3=host:2"])
def test_a_member_that_is_named_twice_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match=r"THESPIS_MEMBERS names .*a"):
        parse_members(text)


def test_canaries_are_versions_of_which_a_member_may_have_two() -> None:
    assert parse_canaries("a@2=host:1,a@3=host:2") == {"a@2": "host:1", "a@3": "host:2"}
    assert parse_canaries("") == {}
    with pytest.raises(BadSetting, match=r"THESPIS_CANARIES names \['a'\] without a version"):
        parse_canaries("a=host:1")


@pytest.mark.parametrize(("name", "text"), [("LOG_LEVEL", "verbose"), ("LOG_FORMAT", "xml"), ("MEMBER_RETRY_S", "10")])
def test_what_would_pass_for_something_else_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadSetting, match=f"THESPIS_{name}"):
        read_settings(EnsembleSettings, {f"THESPIS_{name}": text})


def test_a_level_and_a_form_of_logs_are_known_in_capitals_too() -> None:
    read_settings(EnsembleSettings, {"THESPIS_LOG_LEVEL": "INFO", "THESPIS_LOG_FORMAT": "JSON"})


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (up, ""), (analyze, "thespis analyze"), (submit, "thespis submit"), (jobs, "thespis jobs"),
        (job, "thespis job"), (cancel, "thespis cancel"), (delete, "thespis delete"),
        (doctor, "thespis doctor"), (live, "thespis bench live"),
        (bench_jobs, "thespis bench jobs"), (create, "thespis keys create"), (list_keys, "thespis keys list"),
        (revoke, "thespis keys revoke"), (soak, "thespis bench soak"),
    ],
    ids=lambda given: given.name if isinstance(given, click.Command) else "",
)  # fmt: skip
def test_every_flag_is_on_the_page(command: click.Command, words: str) -> None:
    flags = [flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")]
    assert flags
    part = _rows_of(words) if words else PAGE
    for flag in flags:
        assert re.search(rf"`{flag}[ `]", part), f"{flag} of `{words}` is not in docs/settings.md"


def _rows_of(words: str) -> str:
    """The rows of one command in the table of flags: its own and those below it that name no other."""
    found = re.search(rf"^\| [^|]*`{words}(?: [A-Z.]+)?`[^|]*\|.*\n(?:\| \|.*\n)*", PAGE, re.MULTILINE)
    assert found, f"`{words}` is not in docs/settings.md"
    return found[0]


def test_the_clients_own_variable_is_on_the_page() -> None:
    variables = {
        str(parameter.envvar)
        for command in (analyze, submit, jobs, job, cancel, doctor)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
    }
    assert variables == {"THESPIS_SERVER", "THESPIS_KEY"}
    assert [name for name in variables if f"`{name}`" not in PAGE] == []


def test_a_value_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:secret@redis:6379/0\n")
    settings = read_settings(GatewaySettings, {"THESPIS_REDIS_URL_FILE": str(tmp_path / "url")})
    assert settings.redis_url == "redis://:secret@redis:6379/0"


def test_the_variable_comes_before_its_file(tmp_path: Path) -> None:
    environment = {"THESPIS_PORT": "9000", "THESPIS_PORT_FILE": str(tmp_path / "missing")}
    assert read_settings(GatewaySettings, environment).port == 9000


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"THESPIS_REDIS_URL_FILE.*missing"):
        read_settings(GatewaySettings, {"THESPIS_REDIS_URL_FILE": str(tmp_path / "missing")})


def test_what_a_file_holds_is_not_shown_when_it_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("secret")
    with pytest.raises(BadSetting, match="THESPIS_PORT_FILE") as raised:
        read_settings(GatewaySettings, {"THESPIS_PORT_FILE": str(tmp_path / "port")})
    assert "secret" not in str(raised.value)
