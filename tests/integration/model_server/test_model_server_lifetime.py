"""Starting, new versions, and stopping of the real process."""

import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import grpc
import numpy as np
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from running_server import (
    MODELS,
    ROOT,
    VERSIONS,
    model_file,
    probabilities_of,
    put_version,
    request_for,
    run_directly,
    some_crops,
    wait_until,
)


def version_served(server):
    """The version that answers now, or None while none does."""
    try:
        return server.predict(request_for(some_crops(1))).model_spec.version.value
    except grpc.RpcError as problem:
        if problem.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return None


def health(server):
    stub = health_pb2_grpc.HealthStub(server.channel)
    return stub.Check(health_pb2.HealthCheckRequest(), timeout=30).status


def serve(start_server, base_path, *flags):
    name = ["--model_name=baseline", f"--model_base_path={base_path}", "--file_system_poll_wait_seconds=0.05"]
    return start_server(*name, *flags)


def busy_with(server, count):
    """Sends a batch of `count` crops to the slow member and returns its call once the server computes."""
    process = psutil.Process(server.process.pid)
    idle = process.cpu_times().user
    call = server.stub.Predict.future(request_for(some_crops(count)), timeout=60)
    wait_until(lambda: process.cpu_times().user > idle + 0.03)
    assert not call.done()
    return call


def run_to_its_end(*flags):
    command = [sys.executable, "-m", "model_server", *map(str, flags)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_new_version_is_served_and_no_call_fails_meanwhile(start_server, tmp_path):
    put_version(tmp_path / "model", 1, "baseline")
    server = serve(start_server, tmp_path / "model")
    crops = some_crops(3)
    expected = {1: run_directly("baseline", crops), 2: run_directly("five_layer", crops)}
    assert np.abs(expected[1] - expected[2]).max() > 1e-3
    seen, enough = [], Event()

    def ask_again_and_again():
        while not enough.is_set():
            response = server.predict(request_for(crops))
            version = response.model_spec.version.value
            np.testing.assert_allclose(probabilities_of(response), expected[version], atol=1e-6)
            seen.append(version)

    with ThreadPoolExecutor(2) as clients:
        asking = [clients.submit(ask_again_and_again) for _ in range(2)]
        try:
            wait_until(lambda: 1 in seen)
            put_version(tmp_path / "model", 2, "five_layer")
            wait_until(lambda: 2 in seen or any(client.done() for client in asking))
        finally:
            enough.set()
        for client in asking:
            client.result()
    assert version_served(server) == 2
    wait_until(lambda: server.events("version_unloaded"))
    assert server.events("version_unloaded")[0]["version"] == 1


def test_a_half_copied_version_is_ignored_until_it_is_whole(start_server, tmp_path):
    put_version(tmp_path / "model", 1, "baseline")
    server = serve(start_server, tmp_path / "model")
    whole = model_file("five_layer").read_bytes()
    (tmp_path / "model" / "2").mkdir()
    (tmp_path / "model" / "2" / "model.tflite").write_bytes(whole[: len(whole) // 2])
    wait_until(lambda: server.events("version_unservable"))
    assert version_served(server) == 1
    (tmp_path / "model" / "2" / "model.tflite").write_bytes(whole)
    wait_until(lambda: version_served(server) == 2)


def test_a_removed_version_goes_and_the_one_before_comes_back(start_server, tmp_path):
    put_version(tmp_path / "model", 1, "baseline")
    put_version(tmp_path / "model", 2, "five_layer")
    server = serve(start_server, tmp_path / "model")
    assert version_served(server) == 2
    shutil.rmtree(tmp_path / "model" / "2")
    wait_until(lambda: version_served(server) == 1)


def test_an_empty_base_path_is_waited_on(start_server, tmp_path):
    (tmp_path / "model").mkdir()
    server = serve(start_server, tmp_path / "model")
    assert version_served(server) is None
    assert health(server) == health_pb2.HealthCheckResponse.NOT_SERVING
    put_version(tmp_path / "model", 1, "baseline")
    wait_until(lambda: health(server) == health_pb2.HealthCheckResponse.SERVING)
    assert version_served(server) == 1


def test_sigterm_lets_the_call_in_flight_finish_and_takes_no_new_one(start_server):
    server = serve(start_server, MODELS / "residual")
    call = busy_with(server, 64)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.events("stopping"))
    refused = server.stub.Predict.future(request_for(some_crops(1)), timeout=30)
    assert probabilities_of(call.result()).shape == (64, 7)
    # gRPC cancels a call that is under way to the server when this says that it goes away.
    assert refused.exception().code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert server.process.wait(30) == 0


def test_sigterm_does_not_wait_for_a_call_that_takes_longer_than_its_grace(start_server):
    server = serve(start_server, MODELS / "residual", "--max_batch_size=1700")
    call = busy_with(server, 1700)
    server.process.send_signal(signal.SIGTERM)
    assert call.exception() is not None
    assert server.process.wait(10) == 0


def test_a_caller_that_hung_up_is_not_computed_for(start_server):
    server = serve(start_server, MODELS / "residual")
    call = busy_with(server, 1024)
    call.cancel()
    assert server.predict(request_for(some_crops(1)), timeout=2).model_spec.version.value == int(
        model_file("residual").parent.name
    )


def test_a_taken_port_is_one_line_and_code_1():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_to_its_end(f"--port={port}", f"--model_base_path={MODELS / 'baseline'}")
    assert ended.returncode == 1
    message = f"model_server: can't listen on 127.0.0.1:{port}: [Errno 98] Address already in use\n"
    assert ended.stderr == message
    assert ended.stdout == ""


def test_two_servers_never_share_a_port(baseline):
    ended = run_to_its_end(f"--port={baseline.port}", f"--model_base_path={MODELS / 'baseline'}")
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr


@pytest.mark.parametrize("flag", ["--model_base_path=/nowhere/model", "--model_config_file=/nowhere/config"])
def test_a_missing_path_is_one_line_and_code_1(flag):
    ended = run_to_its_end("--port=0", flag)
    assert ended.returncode == 1
    assert ended.stderr.startswith("model_server: ")
    assert ended.stderr.count("\n") == 1
    assert "/nowhere" in ended.stderr


def test_flags_without_a_meaning_here_are_named_in_the_log(start_server):
    server = serve(start_server, MODELS / "baseline", "--enable_batching=true", "--rest_api_port", "8501")
    assert server.events("flags_ignored")[0]["flags"] == ["enable_batching", "rest_api_port"]
    assert version_served(server) == VERSIONS["baseline"]


def test_a_member_stays_within_130_megabytes_also_after_many_versions(start_server, tmp_path):
    put_version(tmp_path / "model", 1, "five_layer")
    server = serve(start_server, tmp_path / "model")
    for count in (1, 16, 64, 1024):
        server.predict(request_for(some_crops(count)))
    for version in range(2, 10):
        put_version(tmp_path / "model", version, "five_layer")
        wait_until(lambda version=version: version_served(server) == version)
    assert psutil.Process(server.process.pid).memory_info().rss < 130e6
