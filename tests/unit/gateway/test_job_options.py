"""What a job can ask for; what its webhook's look-up may cost."""

import threading
from unittest import mock

import msgspec
import pytest

from gateway import job_options
from gateway.job_options import OptionsReader
from gateway.problems import Problematic
from gateway.settings import GatewaySettings
from jobs.webhook import BadWebhook, NotLookedUp

WITH_WEBHOOK = b'{"webhook_url":"https://host.example/"}'


@pytest.fixture
def reader() -> OptionsReader:
    return OptionsReader(GatewaySettings(), ["vgg"], ["default"])


async def test_a_host_that_nobody_finds_in_time_is_let_pass_for_whoever_delivers(
    reader: OptionsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(job_options, "LOOKUP_TIMEOUT_S", 0.01)
    monkeypatch.setattr(job_options, "check_url", lambda *_, **__: over.wait())
    assert (await reader.read(WITH_WEBHOOK)).webhook_url == "https://host.example/"
    over.set()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"webhook_url": "https://host.example/"}, "not there"),
        ({"members": ["nobody"]}, "there are no members ['nobody']"),
        ({"members": ["vgg", "vgg"]}, "twice"),
        ({"vote_profile": "best"}, "vote_profile is one of"),
        ({"start_s": 2, "end_s": 1}, "end_s lies after start_s"),
        ({"fps": "many"}, "fps"),
    ],
)
async def test_what_can_not_be_done_is_refused_with_its_reason(
    reader: OptionsReader, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], told: str
) -> None:
    monkeypatch.setattr(job_options, "check_url", mock.Mock(side_effect=BadWebhook("not there")))
    with pytest.raises(Problematic) as refused:
        await reader.read(msgspec.json.encode(options))
    assert (refused.value.status, told in refused.value.detail) == (422, True)


async def test_a_host_that_no_name_server_tells_of_is_let_pass_for_whoever_delivers(
    reader: OptionsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In docker-compose.yml the gateways' networks lead nowhere; the job worker's does."""
    monkeypatch.setattr(job_options, "check_url", mock.Mock(side_effect=NotLookedUp("away")))
    assert (await reader.read(WITH_WEBHOOK)).webhook_url == "https://host.example/"


async def test_an_option_that_nobody_knows_is_refused(reader: OptionsReader) -> None:
    with pytest.raises(Problematic, match="unknown field `later`"):
        await reader.read(b'{"later":1}')
