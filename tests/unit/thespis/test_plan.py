"""What the processes of a platform are told."""

from pathlib import Path

import msgspec
import pytest

from runtime.model_tree import read_ensemble
from runtime.settings import BadSetting
from tests.platform_process import ROOT
from thespis.plan import metrics_targets, plan_platform
from thespis.settings import UpSettings

ENSEMBLE = read_ensemble(ROOT / "models")


@pytest.fixture
def settings(tmp_path: Path) -> UpSettings:
    return UpSettings(data_path=str(tmp_path))


def test_artefacts_lie_where_a_file_says_before_they_lie_in_the_data_folder(
    settings: UpSettings, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("s3://bucket/x\n")
    for environ, expected in (
        ({}, f"file://{tmp_path}/artefacts"),
        ({"THESPIS_ARTEFACTS_URL_FILE": str(tmp_path / "url")}, "s3://bucket/x"),
        ({"THESPIS_ARTEFACTS_URL": "memory://x", "THESPIS_ARTEFACTS_URL_FILE": "/nowhere"}, "memory://x"),
    ):
        given = {
            program.environment["THESPIS_ARTEFACTS_URL"]
            for program in plan_platform(settings, ENSEMBLE, environ, "secret")
        }
        assert given == {expected}


def test_metrics_are_found_at_the_address_that_they_are_served_at(settings: UpSettings) -> None:
    programs = plan_platform(
        msgspec.structs.replace(settings, metrics=True, metrics_host="127.0.0.2"), ENSEMBLE, {}, "secret"
    )
    served = {f"127.0.0.2:{program.metrics_port}" for program in programs if program.metrics_port}
    told = msgspec.json.decode(metrics_targets(programs, "127.0.0.2"))
    assert {target for one in told for target in one["targets"]} == served


def test_an_address_for_metrics_that_is_not_this_machines_is_named(settings: UpSettings) -> None:
    with pytest.raises(BadSetting, match="THESPIS_METRICS_HOST"):
        plan_platform(msgspec.structs.replace(settings, metrics=True, metrics_host="192.0.2.1"), ENSEMBLE, {}, "secret")
