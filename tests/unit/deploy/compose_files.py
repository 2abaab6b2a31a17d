"""docker-compose.yml and its like, as data."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
OURS = {
    "gateway", "detector_worker", "ensemble_worker", "job_worker", "detector_worker_jobs", "ensemble_worker_jobs",
}  # fmt: skip


def services(file: str = "docker-compose.yml") -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / file).read_text())["services"])
