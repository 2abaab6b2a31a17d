import pytest
from running_server import MODELS, Server


@pytest.fixture
def start_server(tmp_path):
    """start_server(*flags) -> a connected Server on a free port; all are stopped afterwards."""
    servers = []

    def start(*flags, connect=True):
        server = Server(["--port=0", *map(str, flags)], tmp_path / f"server-{len(servers)}.log")
        servers.append(server)
        if connect:
            server.connect()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def baseline(tmp_path_factory):
    """One server of the baseline member, shared by the tests that only ask."""
    log_path = tmp_path_factory.mktemp("baseline") / "server.log"
    server = Server(["--port=0", "--model_name", "baseline", "--model_base_path", str(MODELS / "baseline")], log_path)
    try:
        server.connect()
        yield server
    finally:
        server.stop()
