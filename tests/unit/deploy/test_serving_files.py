"""TensorFlow Serving's configuration files, read by its own protos.

tensorflow-serving-api has ModelServerConfig, but neither BatchingParameters nor MonitoringConfig: those are declared
here as session_bundle_config.proto and monitoring_config.proto of TensorFlow Serving have them.
"""

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from tensorflow_serving.config import model_server_config_pb2

from ensemble_worker.settings import EnsembleSettings
from model_server.flags import read_flags
from runtime.model_tree import read_ensemble
from tests.unit.deploy.compose_files import ROOT, services

SERVING = ROOT / "deploy" / "serving"
MEMBERS = read_ensemble(ROOT / "models").members
PACKAGE = "tensorflow.serving"
INT64 = ".google.protobuf.Int64Value"
BATCHING = {
    "max_batch_size": INT64, "batch_timeout_micros": INT64, "max_enqueued_batches": INT64, "num_batch_threads": INT64,
}  # fmt: skip
PROMETHEUS = {"enable": "bool", "path": "string"}
MONITORING = {"prometheus_config": f".{PACKAGE}.PrometheusConfig"}


def declared(**messages: dict[str, str]) -> descriptor_pool.DescriptorPool:
    """Messages whose fields are numbered in their order."""
    file = descriptor_pb2.FileDescriptorProto(
        name="serving.proto", package=PACKAGE, syntax="proto3", dependency=[wrappers_pb2.DESCRIPTOR.name]
    )
    for message, fields in messages.items():
        declaration = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(fields.items(), start=1):
            field = declaration.field.add(name=name, number=number, label="LABEL_OPTIONAL")
            if kind.startswith("."):
                field.type_name, field.type = kind, descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            else:
                field.type = getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return pool


POOL = declared(BatchingParameters=BATCHING, PrometheusConfig=PROMETHEUS, MonitoringConfig=MONITORING)


def read(name: str, message: str) -> Any:
    kind = message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{message}"))
    return text_format.Parse((SERVING / name).read_text(), kind())


def read_models(name: str) -> dict[str, model_server_config_pb2.ModelConfig]:
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((SERVING / name).read_text(), config)
    return {model.name: model for model in config.model_config_list.config}


@pytest.mark.parametrize("member", MEMBERS)
def test_each_member_is_served_from_its_folder_in_the_version_of_models_toml(member: str) -> None:
    (model,) = read_models(f"{member}.config").values()
    assert (model.name, model.base_path, model.model_platform) == (member, f"/models/{member}", "tensorflow")
    assert list(model.model_version_policy.specific.versions) == [MEMBERS[member].version]
    assert (ROOT / "models" / member / str(MEMBERS[member].version) / "saved_model.pb").exists()


def test_one_server_for_all_serves_what_one_server_each_does() -> None:
    assert read_models("all.config") == {member: read_models(f"{member}.config")[member] for member in MEMBERS}


def test_a_full_call_of_an_ensemble_worker_fits_into_a_batch() -> None:
    batching = read("batching.config", "BatchingParameters")
    assert batching.max_batch_size.value >= EnsembleSettings().max_batch_crops
    assert batching.batch_timeout_micros.value == 0


def test_monitoring_is_read() -> None:
    assert read("monitoring.config", "MonitoringConfig").prometheus_config.enable


def test_our_model_server_understands_the_same_command_line() -> None:
    entrypoint = services("deploy/compose.embedded.yml")["vgg"]["entrypoint"]
    flags = [flag for flag in entrypoint if flag.startswith("--")]
    settings = read_flags([*flags, f"--model_config_file={SERVING / 'vgg.config'}"])
    assert (settings.host, settings.port, settings.models[0].name) == ("0.0.0.0", 8500, "vgg")
    assert settings.models[0].policy.specific == {MEMBERS["vgg"].version}
