"""A worker that is told to stop ends its item or hands it back; it does not take it down with it."""

from collections.abc import Iterator
from unittest import mock

import pytest

from jobs import working
from jobs.bells import Bells
from jobs.stages import Claim
from jobs.working import HAND_BACK_AFTER_S, Lease, StageWorker
from runtime.pulse import Pulse

CLAIM = Claim("detect", "job", 3, 1, 1)


@pytest.fixture
def pulse() -> Iterator[mock.Mock]:
    with mock.patch.object(working, "PULSE", mock.create_autospec(Pulse, instance=True)) as pulse:
        pulse.stopping_for_s.return_value = 0.0
        yield pulse


def serve(store: mock.Mock, pulse: mock.Mock, stopping_for_s: float) -> list[str]:
    """Works on the claim, and is told to stop in the middle; what was done."""
    done = []

    def work(claim: Claim, lease: Lease) -> None:
        lease.check()
        done.append("first half")
        pulse.stopping_for_s.return_value = stopping_for_s
        lease.check()
        done.append("second half")

    bells = mock.create_autospec(Bells, instance=True)
    StageWorker(store, bells, "detect", work, mock.Mock(), 60.0).serve()
    return done


def test_what_ends_in_time_is_finished(store: mock.Mock, pulse: mock.Mock) -> None:
    assert serve(store, pulse, HAND_BACK_AFTER_S - 1) == ["first half", "second half"]
    store.stages.hand_back.assert_not_called()


def test_what_takes_longer_is_handed_back_and_not_counted_as_a_failure(store: mock.Mock, pulse: mock.Mock) -> None:
    assert serve(store, pulse, HAND_BACK_AFTER_S + 1) == ["first half"]
    store.stages.hand_back.assert_called_once_with(CLAIM)
    store.stages.put_back.assert_not_called()


def test_each_check_is_a_sign_of_life(store: mock.Mock, pulse: mock.Mock) -> None:
    serve(store, pulse, 0.0)
    assert pulse.beat.call_count == 2
