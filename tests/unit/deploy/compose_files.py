"""docker-compose.yml and its like, as data."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
OURS = {
    "gateway", "detector_worker", "ensemble_worker", "job_worker", "detector_worker_jobs", "ensemble_worker_jobs",
}  # fmt: skip


class ComposeLoader(yaml.SafeLoader):
    """YAML with compose's own tag for what is not to be merged."""


def not_merged(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True)


ComposeLoader.add_constructor("!override", not_merged)


def told(service: Any, name: str) -> str:
    """What a service's variable is where .env does not change it."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", service["environment"][name])


def services(file: str = "docker-compose.yml") -> dict[str, Any]:
    return dict(yaml.load((ROOT / file).read_text(), ComposeLoader)["services"])
