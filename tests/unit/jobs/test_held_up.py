"""While the artefact store is full or the members are away a job waits; it does not use up its attempts."""

import errno
from unittest import mock

import pytest
import redis

from jobs.bells import Bells
from jobs.stages import Claim
from jobs.working import HELD_UP_WAIT_S, HeldUp, Lease, StageWorker

CLAIM = Claim("finish", "job", None, 1, 1)


NOBODY_ANSWERS = HeldUp("no member of the ensemble answered")


def serve(store: mock.Mock, problem: Exception, age_s: float) -> mock.Mock:
    """Works on an item in vain; what was called to give it up."""
    store.age_s.return_value = age_s
    give_up = mock.Mock()

    def work(_: Claim, __: Lease) -> None:
        raise problem

    StageWorker(store, mock.create_autospec(Bells, instance=True), "finish", work, give_up, 60.0).serve()
    return give_up


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError(errno.ENOSPC, "for this test"), "there was no room in the artefact store or in TMPDIR"),
        (OSError(errno.EDQUOT, "for this test"), "there was no room in the artefact store or in TMPDIR"),
        (redis.exceptions.OutOfMemoryError(), "there was no room in the jobs' Redis"),
        (NOBODY_ANSWERS, "no member of the ensemble answered"),
    ],
)
def test_what_is_away_is_waited_for_and_no_attempt_counts(store: mock.Mock, problem: Exception, told: str) -> None:
    serve(store, problem, 59.0).assert_not_called()
    store.stages.put_back.assert_not_called()
    (call,) = store.stages.hand_back.call_args_list
    assert call.args[:2] == (CLAIM, HELD_UP_WAIT_S)
    assert call.args[2].startswith(told)


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "for this test"), NOBODY_ANSWERS])
def test_what_stays_away_for_as_long_as_results_are_kept_is_given_up_with_the_reason(
    store: mock.Mock, problem: Exception
) -> None:
    serve(store, problem, 61.0).assert_called_once_with(CLAIM, mock.ANY)
    store.stages.hand_back.assert_not_called()


def test_any_other_error_counts(store: mock.Mock) -> None:
    serve(store, OSError(errno.EACCES, "for this test"), 0.0).assert_not_called()
    store.stages.put_back.assert_called_once()
