from pathlib import Path

import pytest

from model_server.errors import CannotStart
from model_server.flags import IGNORED_FLAGS, _parser, read_flags
from model_server.versions import ModelFolder, VersionPolicy


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port=8501", "--model_name=residual", "--model_base_path=/models/residual"],
        ["--port", "8501", "--model_name", "residual", "--model_base_path", "/models/residual"],
    ],
)
def test_flags_are_read_with_an_equals_sign_or_a_space(arguments):
    settings = read_flags(arguments)
    assert settings.port == 8501
    assert settings.models == [ModelFolder("residual", Path("/models/residual"))]
    assert settings.poll_wait_seconds == 1
    assert settings.host == "127.0.0.1"
    assert settings.max_message_bytes == 4 * 1024 * 1024
    assert settings.max_batch_size == 1024
    assert settings.num_threads == 1


def test_flags_that_mean_nothing_here_are_accepted_and_named():
    settings = read_flags(
        [
            "--enable_batching",
            "--rest_api_port=8501",
            "--model_base_path=/m",
            "--batching_parameters_file",
            "/b",
        ]
    )
    assert settings.ignored == ["batching_parameters_file", "enable_batching", "rest_api_port"]
    assert read_flags(["--model_base_path=/m", *(f"--{name}=1" for name in IGNORED_FLAGS)]).ignored == list(
        IGNORED_FLAGS
    )


def test_every_flag_has_a_word_of_help():
    assert [action.dest for action in _parser()._actions if not action.help] == []


def test_a_start_without_a_model_is_refused():
    with pytest.raises(CannotStart, match="--model_base_path or --model_config_file"):
        read_flags(["--port=8500"])


def test_a_configuration_file_names_models_and_versions(tmp_path):
    config = tmp_path / "models.config"
    config.write_text("""
        model_config_list {
          config { name: "residual" base_path: "/models/residual" model_platform: "tensorflow" }
          config {
            name: "baseline" base_path: "/models/baseline"
            model_version_policy { specific { versions: 1 versions: 3 } }
          }
          config { name: "deep" base_path: "/models/deep" model_version_policy { all {} } }
          config { name: "wide" base_path: "/wide" model_version_policy { latest { num_versions: 2 } } }
        }""")
    assert read_flags([f"--model_config_file={config}"]).models == [
        ModelFolder("residual", Path("/models/residual")),
        ModelFolder("baseline", Path("/models/baseline"), VersionPolicy(specific=frozenset({1, 3}))),
        ModelFolder("deep", Path("/models/deep"), VersionPolicy(latest=-1)),
        ModelFolder("wide", Path("/wide"), VersionPolicy(latest=2)),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "Invalid protobuf file"),
        ("model_config_list { confg {} }", "Invalid protobuf file"),
        ("", "must list models"),
        ('model_config_list { config { name: "a" } config { name: "a" } }', "a name of its own"),
    ],
)
def test_a_configuration_file_that_cannot_be_used_is_refused(tmp_path, text, complaint):
    config = tmp_path / "models.config"
    if text is not None:
        config.write_text(text)
    with pytest.raises(CannotStart, match=complaint):
        read_flags([f"--model_config_file={config}"])


@pytest.mark.parametrize("flag", ["--max_batch_size=0", "--num_threads=-1", "--port=70000", "--mode_name=typo"])
def test_a_flag_that_is_misspelt_or_out_of_range_is_refused(flag, capsys):
    with pytest.raises(SystemExit):
        read_flags(["--model_base_path=/m", flag])
    assert flag.split("=")[0] in capsys.readouterr().err
