"""The cluster's manifests say what compose says. `make lint` holds them to the schemas of Kubernetes."""

import re
from typing import Any

import yaml

from contracts.names import WAITING_FACES, WAITING_FRAMES
from jobs.store import stage_key
from tests.unit.deploy.compose_files import ROOT, services, told

FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS = [
    manifest
    for file in FOLDER.rglob("*.yaml")
    if file.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(file.read_text())
]
COMPOSE = services()
LABELS_BEFORE_VERSIONS = "--allow_version_labels_for_unavailable_models=true"
"""Needed by who puts labels into deploy/serving; a cluster's manifests may leave it to them."""


def deployments() -> dict[str, Any]:
    """Name -> its main container."""
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]["containers"][0]
        for manifest in MANIFESTS
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] != "any"
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


def test_members_are_served_by_the_same_image_with_the_same_flags() -> None:
    members = {name: one for name, one in deployments().items() if "tensorflow/serving" in one["image"]}
    assert len(members) == 4
    for name, container in members.items():
        service = COMPOSE[name.replace("-", "_")]
        assert f"${{DEPLOY_SERVING_IMAGE:-{container['image']}}}" == service["image"]
        given = {*container["command"], *container["args"], LABELS_BEFORE_VERSIONS}
        assert given == {*service["entrypoint"], *service["command"]}


def test_ensemble_workers_are_told_where_each_member_is() -> None:
    members = told(COMPOSE["ensemble_worker"], "THESPIS_MEMBERS")
    for name in ("ensemble-worker", "ensemble-worker-jobs"):
        (given,) = [entry["value"] for entry in deployments()[name]["env"] if entry["name"] == "THESPIS_MEMBERS"]
        assert given == re.sub(r"=(\w+):", lambda found: f"={found[1].replace('_', '-')}:", members)


def test_keda_looks_at_lists_that_there_are() -> None:
    lists = {
        trigger["metadata"]["listName"]
        for manifest in MANIFESTS
        if manifest["kind"] == "ScaledObject"
        for trigger in manifest["spec"]["triggers"]
        if trigger["type"] == "redis"
    }
    assert lists == {WAITING_FRAMES, WAITING_FACES, stage_key("detect"), stage_key("classify")}
