"""What every process of a platform tells at its metrics port, as Prometheus finds it."""

import json

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.platform_process import Platform

Samples = dict[tuple[str, ...], float]
"""Name and label values -> value."""


class Scraped:
    """Every process's /metrics and /healthz; started with `--metrics`."""

    def __init__(self, platform: Platform) -> None:
        entries = json.loads((platform.log.parent / "data" / "metrics.json").read_text())
        self.addresses = {entry["labels"]["name"]: entry["targets"][0] for entry in entries}

    def text(self, name: str, path: str = "/metrics") -> httpx.Response:
        return httpx.get(f"http://{self.addresses[name]}{path}", trust_env=False)

    def of(self, name: str) -> Samples:
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(self.text(name).text)
            for sample in family.samples
        }

    def healthy(self, name: str) -> bool:
        try:
            return self.text(name, "/healthz").status_code == 200
        except httpx.TransportError:
            return False
