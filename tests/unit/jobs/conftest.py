"""A store in which the item waits that a test file names as its CLAIM."""

from unittest import mock

import pytest

from jobs.stages import Stages
from jobs.store import JobStore


@pytest.fixture
def store(request: pytest.FixtureRequest) -> mock.Mock:
    store = mock.create_autospec(JobStore, instance=True)
    store.stages = mock.create_autospec(Stages, instance=True)
    store.stages.claim.return_value = request.module.CLAIM
    store.traceparent.return_value = ""
    return store
