"""The cluster's manifests say what compose says. `make lint` holds them to the schemas of Kubernetes."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from contracts.names import WAITING_FACES, WAITING_FRAMES
from gateway.waiting import QUEUES
from jobs.bells import TASK_OF
from jobs.stages import stage_key
from runtime.metrics import queue_oldest
from runtime.model_tree import read_ensemble
from tests.unit.deploy.compose_files import ROOT, services, told

FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS = [
    manifest
    for file in FOLDER.rglob("*.yaml")
    if file.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(file.read_text())
]
COMPOSE = services()


def deployments() -> dict[str, Any]:
    """Name -> its main container."""
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]["containers"][0]
        for manifest in MANIFESTS
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] != "any"
    }


def selects(target: dict[str, str], manifest: dict[str, Any]) -> bool:
    """Whether a kustomization's patch is for this manifest."""
    wanted = dict(part.split("=") for part in target.get("labelSelector", "").split(",") if part)
    return (
        target["kind"] == manifest["kind"]
        and re.fullmatch(target.get("name", ".*"), manifest["metadata"]["name"]) is not None
        and wanted.items() <= manifest["metadata"].get("labels", {}).items()
    )


def pods() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Name -> annotations and main container of each pod, with what the base's patches give to it."""
    patches = yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text())["patches"]
    found = {}
    for manifest in MANIFESTS:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            annotations: dict[str, Any] = {}
            container: dict[str, Any] = {}
            paths = [FOLDER / "base" / one["path"] for one in patches if selects(one["target"], manifest)]
            given = [yaml.safe_load(path.read_text()) for path in paths]
            for template in [part["spec"]["template"] for part in (manifest, *given)]:
                annotations |= template.get("metadata", {}).get("annotations", {})
                container |= template["spec"].get("containers", [{}])[0]
            found[manifest["metadata"]["name"]] = (annotations, container)
    return found


def of_redis_triggers(name: str) -> set[str]:
    """What KEDA's triggers say by this name, where they look into Redis."""
    return {
        trigger["metadata"][name]
        for manifest in MANIFESTS
        if manifest["kind"] == "ScaledObject"
        for trigger in manifest["spec"]["triggers"]
        if trigger["type"] == "redis"
    }


def scaled() -> set[str]:
    """The Deployments whose number something else decides."""
    return {
        manifest["spec"]["scaleTargetRef"]["name"]
        for manifest in MANIFESTS
        if manifest["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")
    }


def test_every_kustomization_lists_all_files_beside_it() -> None:
    for file in FOLDER.rglob("kustomization.yaml"):
        listed = yaml.safe_load(file.read_text())
        named = [*listed["resources"], *listed.get("components", [])]
        patches = [patch["path"] for patch in listed.get("patches", []) if "path" in patch]
        assert all((file.parent / name).exists() for name in [*named, *patches])
        assert {path.name for path in file.parent.glob("*.yaml")} - {"kustomization.yaml"} <= set(named)
        assert {f"patches/{path.name}" for path in file.parent.glob("patches/*.yaml")} == set(patches)


def test_a_cluster_runs_the_services_of_compose() -> None:
    # An ingress, a Secret, a choice, a StatefulSet, an init container of the gateway.
    left_out = {"door", "secrets", "members_together", "redis_jobs", "first_key"}
    expected = {name for name, service in COMPOSE.items() if name not in left_out and "profiles" not in service}
    assert {name.replace("-", "_") for name in deployments()} == expected


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the overlays, and is not here")
@pytest.mark.parametrize("overlay", ["production", "embedded"])
def test_everything_that_an_overlay_makes_is_where_the_platform_is(overlay: str) -> None:
    """KEDA's objects scale nothing from another namespace than what they scale."""
    rendered = subprocess.run(
        ["kubectl", "kustomize", FOLDER / "overlays" / overlay], check=True, capture_output=True, text=True
    ).stdout
    of_the_cluster = ("Namespace", "PriorityClass")
    elsewhere = [
        f"{one['kind']} {one['metadata']['name']}"
        for one in yaml.safe_load_all(rendered)
        if one["kind"] not in of_the_cluster and one["metadata"].get("namespace") != "thespis"
    ]
    assert elsewhere == []


def test_keda_finds_each_redis_from_a_namespace_of_its_own() -> None:
    assert of_redis_triggers("address") == {"redis-live.thespis.svc:6379", "redis-jobs.thespis.svc:6379"}


def test_members_are_served_by_the_same_image_with_the_same_flags() -> None:
    members = {name: one for name, one in deployments().items() if "tensorflow/serving" in one["image"]}
    assert len(members) == len(read_ensemble(ROOT / "models").members)
    for name, container in members.items():
        service = COMPOSE[name.replace("-", "_")]
        assert f"${{DEPLOY_SERVING_IMAGE:-{container['image']}}}" == service["image"]
        assert {*container["command"], *container["args"]} == {*service["entrypoint"], *service["command"]}


def test_ensemble_workers_are_told_where_each_member_is() -> None:
    members = told(COMPOSE["ensemble_worker"], "THESPIS_MEMBERS")
    for name in ("ensemble-worker", "ensemble-worker-jobs"):
        (given,) = [entry["value"] for entry in deployments()[name]["env"] if entry["name"] == "THESPIS_MEMBERS"]
        assert given == re.sub(r"=(\w+):", lambda found: f"={found[1].replace('_', '-')}:", members)


def test_every_pod_says_whether_it_is_ready_and_whether_it_lives() -> None:
    assert set(pods()) > set(deployments())
    for name, (_, container) in pods().items():
        assert {"readinessProbe", "livenessProbe"} <= set(container), name
        assert container["readinessProbe"] != container["livenessProbe"]


def test_a_gateway_stays_in_service_while_what_frames_need_is_away() -> None:
    """Its page and its jobs need none of it, and every gateway would be taken away at once."""
    _, container = pods()["gateway"]
    for probe in (container["readinessProbe"], container["livenessProbe"]):
        assert probe["httpGet"]["path"] == "/healthz"
        assert probe["timeoutSeconds"] > 1


def test_each_pod_has_as_long_to_end_as_its_container_in_compose() -> None:
    for manifest in MANIFESTS:
        service = COMPOSE.get(manifest["metadata"]["name"].replace("-", "_"))
        if manifest["kind"] in ("Deployment", "StatefulSet") and service is not None:
            given_s = manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
            assert given_s >= int(service["stop_grace_period"].removesuffix("s")), manifest["metadata"]["name"]


@pytest.mark.parametrize(("target", "network"), [("redis-live", "live"), ("redis-jobs", "jobs")])
def test_a_redis_is_reached_by_those_who_share_its_network_in_compose(target: str, network: str) -> None:
    templates = {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["metadata"]["labels"]
        for manifest in MANIFESTS
        if manifest["kind"] in ("Deployment", "StatefulSet") and manifest["metadata"]["name"] != "any"
    }
    let_in = {
        name
        for policy in MANIFESTS
        if policy["kind"] == "NetworkPolicy" and chooses(policy["spec"]["podSelector"], templates[target])
        for rule in policy["spec"].get("ingress", [])
        for source in rule.get("from", [])
        for name, labels in templates.items()
        if "podSelector" in source and chooses(source["podSelector"], labels)
    }
    beside = {
        name.replace("_", "-")
        for name, service in COMPOSE.items()
        if network in service.get("networks", []) and "profiles" not in service
    }
    assert let_in == beside - {target, "first-key"}


def chooses(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a policy's selector is for pods with these labels."""
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )


def test_workers_outlive_five_minutes_without_redis() -> None:
    workers = {name: container for name, (_, container) in pods().items() if "worker" in name}
    assert len(workers) == 5
    for name, container in workers.items():
        for probe in ("readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"] == {"path": "/healthz", "port": 9100}, name
        patience_s = container["livenessProbe"]["periodSeconds"] * container["livenessProbe"]["failureThreshold"]
        assert patience_s >= 300, name
        assert container["readinessProbe"].get("failureThreshold", 3) == 3, name


def test_prometheus_is_told_where_each_pod_of_ours_and_each_member_has_its_metrics() -> None:
    for name, (annotations, container) in pods().items():
        if "redis" not in name:
            found = {key.removeprefix("prometheus.io/"): value for key, value in annotations.items()}
            member = "tensorflow/serving" in container["image"]
            assert found == {
                "scrape": "true",
                "port": "8501" if member else "9100",
                "path": "/monitoring/prometheus/metrics" if member else "/metrics",
            }, name


def test_what_is_scaled_has_no_number_of_its_own_in_production() -> None:
    patches = yaml.safe_load((FOLDER / "overlays" / "production" / "kustomization.yaml").read_text())["patches"]
    without = [one["target"] for one in patches if "{op: remove, path: /spec/replicas}" in one["patch"]]
    fixed = {
        manifest["metadata"]["name"]
        for manifest in MANIFESTS
        if "replicas" in manifest.get("spec", {}) and not any(selects(target, manifest) for target in without)
    }
    assert len(scaled()) == 5
    assert scaled() & fixed == set()


def test_each_server_of_a_member_has_an_address_that_grpc_sees() -> None:
    members = {name for name, one in deployments().items() if "tensorflow/serving" in one["image"]}
    headless = {
        manifest["spec"]["selector"]["app"]
        for manifest in MANIFESTS
        if manifest["kind"] == "Service" and manifest["spec"].get("clusterIP") == "None"
    }
    assert headless == members


def test_keda_looks_at_lists_that_there_are() -> None:
    assert of_redis_triggers("listName") == {WAITING_FRAMES, WAITING_FACES, stage_key("detect"), stage_key("classify")}


def test_keda_asks_for_the_age_of_the_list_whose_length_it_counts() -> None:
    known = QUEUES | {stage: stage_key(stage) for stage in TASK_OF}
    for manifest in MANIFESTS:
        if manifest["kind"] == "ScaledObject":
            length, age = (trigger["metadata"] for trigger in manifest["spec"]["triggers"])
            asked = re.fullmatch(r'max\((\w+)\{queue="(\w+)"\}\)', age["query"])
            assert asked is not None, age["query"]
            assert asked[1] == queue_oldest().name
            assert known[asked[2]] == length["listName"]
