"""While the artefact store is full a job waits; it does not use up its attempts."""

import errno
from unittest import mock

import pytest

from jobs.bells import Bells
from jobs.stages import Claim
from jobs.working import NO_ROOM_WAIT_S, Lease, StageWorker

CLAIM = Claim("finish", "job", None, 1)


def serve(store: mock.Mock, error: int, age_s: float) -> mock.Mock:
    """Works on an item in vain; what was called to give it up."""
    store.age_s.return_value = age_s
    give_up = mock.Mock()

    def work(_: Claim, __: Lease) -> None:
        raise OSError(error, "for this test")

    StageWorker(store, mock.create_autospec(Bells, instance=True), "finish", work, give_up, 60.0).serve()
    return give_up


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_store_is_waited_for_and_no_attempt_counts(store: mock.Mock, error: int) -> None:
    serve(store, error, 59.0).assert_not_called()
    store.stages.put_back.assert_not_called()
    store.stages.hand_back.assert_called_once_with(CLAIM, NO_ROOM_WAIT_S, mock.ANY)


def test_a_store_that_stays_full_for_as_long_as_results_are_kept_is_given_up_with_the_reason(store: mock.Mock) -> None:
    serve(store, errno.ENOSPC, 61.0).assert_called_once_with(CLAIM, mock.ANY)
    store.stages.hand_back.assert_not_called()


def test_any_other_error_counts(store: mock.Mock) -> None:
    serve(store, errno.EACCES, 0.0).assert_not_called()
    store.stages.put_back.assert_called_once()
