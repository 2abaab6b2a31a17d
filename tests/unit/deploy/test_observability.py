"""Prometheus asks for what there is, and the board and the alerts read metrics that the services keep."""

import json
import re

import yaml

from contracts import names
from tests.unit.deploy.compose_files import OURS, ROOT, services

FOLDER = ROOT / "deploy" / "observability"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
INCIDENTS = OPERATIONS.partition("## Incidents by symptom")[2]
METRICS = set(re.findall(r"^\| `(thespis_\w+)`", OPERATIONS, re.MULTILINE))
"""tests/integration/test_metrics.py compares that page with the code."""

BOARD = json.loads((FOLDER / "grafana" / "boards" / "thespis.json").read_text())
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text())
SCRAPED = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]


def metrics_in(expression: str) -> set[str]:
    return {re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"thespis_\w+", expression)}


def test_the_board_shows_every_metric_and_no_other() -> None:
    shown = set().union(*(metrics_in(target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]))
    assert shown == METRICS


def test_alerts_watch_metrics_that_there_are_and_say_what_is_wrong() -> None:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            assert metrics_in(rule["expr"]) <= METRICS, rule["alert"]
            assert f"`{rule['alert']}`" in INCIDENTS, (
                f"docs/operations.md does not say what to do about {rule['alert']}"
            )
            assert rule["annotations"]["summary"]
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_service_of_ours_is_scraped() -> None:
    found = {name for job in SCRAPED for source in job.get("dns_sd_configs", []) for name in source["names"]}
    assert found >= OURS
    shard = services("deploy/compose.sharded.yml")
    assert found <= set(services()) | set(shard)
    assert found >= {name for name in shard if name.removesuffix("_b") in OURS} - {"gateway_b"}


def rule(alert: str) -> str:
    (found,) = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"] if rule["alert"] == alert]
    return str(found)


def test_a_service_that_prometheus_does_not_find_any_more_is_missed() -> None:
    """Targets come from DNS: those of a service without containers are not down, they are gone."""
    missed = re.findall(r'absent\(up\{job="(\w+)"\}\)', rule("ServiceIsGone"))
    assert missed == [job["job_name"] for job in SCRAPED]
    assert rule("JobsRedisIsAway") == "absent(thespis_jobs)"


def test_an_open_breaker_that_nothing_tries_pages_nobody() -> None:
    """It is tried by work alone, so without sessions it says nothing of the member."""
    open_breaker, _, failing = rule("MemberIsOut").partition("and on (member)")
    assert "thespis_breaker_open" in open_breaker
    assert re.search(r"rate\(thespis_member_failures_total\[\dm\]\)\) > 0", failing)


def test_each_service_is_missed_by_its_own_name() -> None:
    names_of = {
        job["job_name"]: {name.removesuffix("_b") for one in job.get("dns_sd_configs", []) for name in one["names"]}
        for job in SCRAPED
    }
    assert {name: {name} for name in OURS} == {job: found for job, found in names_of.items() if len(found) == 1}


def test_members_are_scraped_where_either_server_has_its_metrics() -> None:
    members = set(services("deploy/compose.embedded.yml")) - {"members_together"}  # which has the others' names
    (own,) = re.findall(r"THESPIS_METRICS_PORT=(\d+)", (ROOT / "deploy" / "Dockerfile").read_text())
    (serving,) = {flag for flag in services()["residual"]["entrypoint"] if flag.startswith("--rest_api_port=")}
    (path,) = re.findall(r'path: "(.+)"', (ROOT / "deploy" / "serving" / "monitoring.config").read_text())
    found = {
        (str(source["port"]), job.get("metrics_path", "/metrics"))
        for job in SCRAPED
        for source in job.get("dns_sd_configs", [])
        if set(source["names"]) == members
    }
    assert found == {(own, "/metrics"), (serving.partition("=")[2], path)}


def test_flower_knows_the_queues_of_live_work() -> None:
    given = set(re.findall(r'"(\w+)"', (FOLDER / "flower.py").read_text().partition("task_queues")[2]))
    assert given == {names.DETECT_FACES, names.DETECT_IN_PICTURE, names.CLASSIFY_FACES, names.EXPLAIN_FACES}
