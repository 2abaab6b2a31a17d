"""TensorFlow Serving's command line, in its own spelling: `--name=value` or `--name value`."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from model_server.errors import CannotStart
from model_server.servable import MODEL_FILE
from model_server.versions import ModelFolder, VersionPolicy

ServableVersionPolicy: TypeAlias = Any

IGNORED_FLAGS: Final = (
    "allow_version_labels_for_unavailable_models",
    "batching_parameters_file",
    "enable_batching",
    "enable_grpc_healthcheck_service",  # always on here
    "enable_model_warmup",  # always on here
    "flush_filesystem_caches",
    "grpc_channel_arguments",
    "max_num_load_retries",  # here each poll tries again
    "model_config_file_poll_wait_seconds",  # the file is read once, at start
    "monitoring_config_file",
    "num_load_threads",
    "num_unload_threads",
    "per_process_gpu_memory_fraction",
    "platform_config_file",
    "prefer_tflite_model",  # always so here
    "rest_api_num_threads",
    "rest_api_port",
    "rest_api_timeout_in_ms",
    "saved_model_tags",
    "tensorflow_inter_op_parallelism",
    "tensorflow_intra_op_parallelism",
    "tensorflow_session_parallelism",
    "thread_pool_factory_config_file",
    "xla_cpu_compilation_enabled",
)
"""Flags of tensorflow_model_server that mean nothing here: accepted, named in the log, unused."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process was started."""

    host: str
    port: int
    models: list[ModelFolder]
    poll_wait_seconds: float
    max_message_bytes: int
    max_batch_size: int
    grpc_max_threads: int
    num_threads: int
    model_file: str
    stand_back: bool
    ignored: list[str]


def read_flags(arguments: list[str]) -> Settings:
    """Raises CannotStart; a flag that nobody knows ends the process with argparse's usage and code 2."""
    given = _parser().parse_args(arguments)
    return Settings(
        host=given.host,
        port=given.port,
        models=_read_models(given),
        poll_wait_seconds=given.file_system_poll_wait_seconds,
        max_message_bytes=given.max_message_size,
        max_batch_size=given.max_batch_size,
        grpc_max_threads=given.grpc_max_threads,
        num_threads=given.num_threads,
        model_file=given.model_file,
        stand_back=given.stand_back,
        ignored=[name for name in IGNORED_FLAGS if getattr(given, name) is not None],
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m model_server", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--port", type=_port, default=8500, help="port for gRPC; 0 picks a free one and the log says which")
    add("--host", default="127.0.0.1", help="address to listen on (TensorFlow Serving: all of them)")
    add("--model_name", default="default", help="what requests call the model")
    add("--model_base_path", type=Path, help="the folder that holds the model's numbered versions")
    add("--model_config_file", type=Path, help="a ModelServerConfig as text, instead of the two flags above")
    add(
        "--file_system_poll_wait_seconds",
        type=float,
        default=1.0,
        help="between looks for versions; 0: only at start",
    )
    add(
        "--max_message_size",
        type=_positive,
        default=4 << 20,
        help="largest request in bytes (TensorFlow Serving: 2 GiB)",
    )
    add("--max_batch_size", type=_positive, default=1024, help="most crops in one request")
    add(
        "--grpc_max_threads",
        type=_positive,
        default=8,
        help="calls read and checked side by side; they run one by one",
    )
    add("--num_threads", type=_positive, default=1, help="LiteRT's threads in one run")
    add("--model_file", default=MODEL_FILE, help="which file of a version is run (only here)")
    add("--stand_back", action="store_true", help="run only on time that nobody else wants (only here)")
    for name in IGNORED_FLAGS:
        add(f"--{name}", nargs="?", const="true", help="accepted and ignored")
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # the operating system would take it modulo 65536
        raise argparse.ArgumentTypeError(f"{number} is not from 0 to 65535")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _read_models(given: argparse.Namespace) -> list[ModelFolder]:
    if given.model_config_file is not None:
        return read_model_config(given.model_config_file)
    if given.model_base_path is None:
        raise CannotStart("either --model_base_path or --model_config_file is needed")
    return [ModelFolder(given.model_name, given.model_base_path)]


def read_model_config(path: Path) -> list[ModelFolder]:
    """The models of a ModelServerConfig text file. Raises CannotStart."""
    try:
        config = text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as problem:
        raise CannotStart(f"Invalid protobuf file: '{path}': {problem}") from problem
    models = [
        ModelFolder(
            entry.name, Path(entry.base_path), _read_policy(entry.model_version_policy), dict(entry.version_labels)
        )
        for entry in config.model_config_list.config
    ]
    if not models or len({model.name for model in models}) != len(models):
        raise CannotStart(f"{path} must list models, each under a name of its own")
    return models


def _read_policy(policy: ServableVersionPolicy) -> VersionPolicy:
    """`latest`, `specific` and `all` of FileSystemStoragePathSourceConfig.ServableVersionPolicy."""
    match policy.WhichOneof("policy_choice"):
        case "specific":
            return VersionPolicy(specific=frozenset(policy.specific.versions))
        case "all":
            return VersionPolicy(latest=-1)
        case _:
            return VersionPolicy(latest=max(policy.latest.num_versions, 1))
