"""Several servers of one member: an ensemble worker has all of them at work."""

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from running_server import MODELS, some_crops

from ensemble_worker.member import Member
from tests.waiting import wait_until_async
from thespis.ports import free_ports

TIMEOUT_S = 20.0


@pytest.fixture
def start_member(start_server, monkeypatch):
    """start_member() -> a server of the baseline member and the port of its metrics."""

    def start():
        (metrics_port,) = free_ports(1)
        monkeypatch.setenv("THESPIS_METRICS_PORT", str(metrics_port))
        return start_server("--model_name=baseline", f"--model_base_path={MODELS / 'baseline'}"), metrics_port

    return start


def calls(metrics_port):
    """How many Predicts a server has answered."""
    text = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", trust_env=False).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if (sample.name, sample.labels.get("stage")) == ("thespis_batch_size_count", "predict")
    )


async def test_two_servers_behind_one_name_share_the_calls(start_member):
    (first, first_port), (second, second_port) = start_member(), start_member()
    member = Member("baseline", f"ipv4:127.0.0.1:{first.port},127.0.0.1:{second.port}", 0.5)
    crops = some_crops(1).tobytes()

    async def both_were_asked():
        assert isinstance(await member.predict(crops, TIMEOUT_S), np.ndarray)
        return calls(first_port) and calls(second_port)

    try:
        await wait_until_async(both_were_asked)  # from now on it is connected with both
        before = calls(first_port), calls(second_port)
        for _ in range(10):
            await member.predict(crops, TIMEOUT_S)
        assert (calls(first_port) - before[0], calls(second_port) - before[1]) == (5, 5)
    finally:
        await member.close()
