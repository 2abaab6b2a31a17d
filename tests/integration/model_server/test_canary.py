"""Two versions of a member side by side: one votes, the other reads along and is compared."""

import asyncio
import re

import cv2
import grpc
import numpy as np
import pytest
from prometheus_client import REGISTRY
from running_server import ROOT, VERSIONS, put_version, request_for

from ensemble_worker.canary import Canaries
from ensemble_worker.fan_out import FanOut
from ensemble_worker.member import Member
from ensemble_worker.tensors import predict_request
from thespis.sample_face import face_jpeg

PICTURE = cv2.resize(cv2.imdecode(np.frombuffer(face_jpeg(), np.uint8), cv2.IMREAD_GRAYSCALE), (48, 48))
CROPS = np.stack([np.roll(PICTURE, (shift, 2 * shift), (0, 1)) for shift in range(24)])[..., None]
"""One face, cut ever worse: two networks call some of these alike and others not."""

TIMEOUT_S = 20.0
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


@pytest.fixture
def two_versions(start_server, tmp_path):
    """Version 1, labelled stable, and version 2, labelled canary: other networks under one name."""
    base_path = tmp_path / "models" / "face"
    put_version(base_path, 1, "baseline")
    put_version(base_path, 2, "five_layer")
    config = tmp_path / "models.config"
    config.write_text(f"""
        model_config_list {{ config {{
          name: "face" base_path: "{base_path}" model_platform: "tensorflow"
          model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
          version_labels {{ key: "stable" value: 1 }}
          version_labels {{ key: "canary" value: 2 }}
        }} }}""")
    return start_server("--model_config_file", config)


def faces(label, agreed):
    return REGISTRY.get_sample_value("thespis_canary_faces_total", {"member": label, "agreed": agreed}) or 0


def ask(target, member, canary, share=1.0):
    """What the ensemble gets, and how many faces the canary was then found to agree and to differ on."""
    before = faces(canary, "true"), faces(canary, "false")

    async def run():
        fan_out = FanOut([Member(member, target, 0.5)], Canaries([Member(canary, target, 0.5)], share))
        try:
            answers = await fan_out.predict(CROPS.tobytes(), TIMEOUT_S)
            fan_out.canaries.offer(CROPS.tobytes(), answers)
            await fan_out.canaries.read(TIMEOUT_S)
        finally:
            await fan_out.close()
        return answers

    answers = asyncio.run(run())
    return answers, faces(canary, "true") - before[0], faces(canary, "false") - before[1]


def alone(target, member):
    async def run():
        one = Member(member, target, 0.5)
        try:
            return await one.predict(CROPS.tobytes(), TIMEOUT_S)
        finally:
            await one.close()

    return asyncio.run(run())


def test_a_canary_is_compared_and_does_not_vote(two_versions):
    target = f"127.0.0.1:{two_versions.port}"
    stable, canary = alone(target, "face@1"), alone(target, "face@2")
    answers, agreed, differed = ask(target, "face@stable", "face@canary")
    assert list(answers) == ["face"]
    np.testing.assert_array_equal(answers["face"], stable)
    same = int((stable.argmax(axis=1) == canary.argmax(axis=1)).sum())
    assert 0 < same < len(CROPS), "these crops tell the two networks apart"
    assert (agreed, differed) == (same, len(CROPS) - same)


def test_a_canary_of_the_same_network_agrees_on_every_face(two_versions):
    assert ask(f"127.0.0.1:{two_versions.port}", "face@1", "face@stable")[1:] == (len(CROPS), 0)


def test_without_a_share_a_canary_reads_nothing(two_versions):
    assert ask(f"127.0.0.1:{two_versions.port}", "face@1", "face@2", share=0.0)[1:] == (0, 0)


def test_a_canary_that_fails_costs_no_answer(two_versions):
    answers, agreed, differed = ask(f"127.0.0.1:{two_versions.port}", "face@1", "face@unknown")
    assert list(answers) == ["face"]
    assert (agreed, differed) == (0, 0)
    failures = {"member": "face@unknown", "reason": "INVALID_ARGUMENT"}
    assert REGISTRY.get_sample_value("thespis_member_failures_total", failures) == 1


def test_the_shipped_file_serves_a_second_version_after_the_guides_change_and_a_restart(start_server, tmp_path):
    ours = VERSIONS["residual"]
    put_version(tmp_path / "residual", ours, "residual")
    put_version(tmp_path / "residual", ours + 1, "five_layer")
    config = tmp_path / "residual.config"

    def served(text):
        """Which version of a server that starts with this file answers whom."""
        config.write_text(text.replace("/models/residual", str(tmp_path / "residual")))
        server = start_server("--model_config_file", config)
        return {label: version_of(server, label) for label in ("residual", "residual@stable", "residual@canary")}

    shipped = (ROOT / "deploy" / "serving" / "residual.config").read_text()
    (guide,) = re.findall(r"^ +model_config_list \{\n.*?^   \}$", OPERATIONS, re.MULTILINE | re.DOTALL)
    nobody = grpc.StatusCode.INVALID_ARGUMENT
    assert served(shipped) == {"residual": ours, "residual@stable": nobody, "residual@canary": nobody}
    assert served(guide) == {"residual": ours + 1, "residual@stable": ours, "residual@canary": ours + 1}


def version_of(server, label):
    """The version that answers, or the code of a refusal."""
    try:
        return server.predict(predict_request(label, CROPS.tobytes(), len(CROPS))).model_spec.version.value
    except grpc.RpcError as problem:
        return problem.code()


def test_a_label_that_nobody_gave_is_refused_in_tf_servings_words(two_versions):
    request = request_for(CROPS, "face")
    request.model_spec.version_label = "beta"
    assert two_versions.refusal(request) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "Unrecognized servable version label: beta",
    )
