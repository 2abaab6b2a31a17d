"""When a worker is called healthy."""

from unittest import mock

import pytest

from runtime import pulse
from runtime.pulse import STUCK_AFTER_S, Pulse


@pytest.fixture
def clock() -> "mock._patch[mock.Mock]":
    return mock.patch.object(pulse.time, "monotonic", return_value=100.0)


def test_a_worker_is_well_while_it_is_connected_and_moves(clock: "mock._patch[mock.Mock]") -> None:
    with clock as now:
        worker = Pulse()
        assert not worker.healthy(), "not connected yet"
        worker.connected = True
        assert worker.healthy()
        now.return_value += STUCK_AFTER_S + 1
        assert not worker.healthy(), "stuck"
        worker.beat()
        assert worker.healthy()
        worker.connected = False
        assert not worker.healthy()


def test_it_knows_for_how_long_it_has_been_stopping(clock: "mock._patch[mock.Mock]") -> None:
    with clock as now:
        worker = Pulse()
        assert worker.stopping_for_s() == 0
        worker.ask_to_stop()
        now.return_value += 3
        assert worker.stopping_for_s() == 3


def test_a_task_that_hangs_in_a_thread_makes_a_worker_unwell_though_its_loop_beats(
    clock: "mock._patch[mock.Mock]",
) -> None:
    with clock as now:
        worker = Pulse()
        worker.connected = True
        worker.task_begins("hangs")
        worker.task_begins("ends")
        now.return_value += STUCK_AFTER_S + 1
        worker.beat()
        worker.task_ends("ends")
        assert not worker.healthy()
        worker.task_ends("hangs")
        assert worker.healthy()
