"""What is measured offline is what is served: the labelled sample through the running platform.

The sample is research data that no checkout contains; without it these tests say so and are skipped.
"""

import numpy as np
import pytest

from tests.platform_process import ROOT, Platform
from training.fer2013 import Split
from training.measures import accuracy
from training.panel import open_panel
from training.served import ServedError, measure_served

MODELS = ROOT / "models"
SAMPLE = ROOT.parent / "shared" / "data" / "fer2013" / "fer2013_sample350.npz"


@pytest.fixture(scope="module")
def sample() -> Split:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE} is not there: 50 pictures a label of FER2013's private test, for research only")
    with np.load(SAMPLE) as arrays:
        return Split("private_test", arrays["images"], arrays["labels"].astype(np.int64))


def test_the_platform_is_as_accurate_as_the_files_it_serves(platform: Platform, sample: Split) -> None:
    panel = open_panel(MODELS)

    def offline(pictures: np.ndarray) -> np.ndarray:
        return panel.vote(panel.predictions(pictures))

    # What JPEG changes is all that differs: of the same pictures, `measure_served` refuses another answer.
    served = measure_served(platform.url, sample, offline)
    exact, lossy, whole = served["cropped"], served["cropped_jpeg"], served["uncropped"]
    assert exact["largest_difference"] < 1e-3
    assert exact["accuracy"] == pytest.approx(accuracy(offline(sample.pictures), sample.labels), abs=1e-9)
    assert lossy["largest_difference_from_jpegs"] < 1e-3
    assert lossy["same_top"] > 0.85
    # Detection and alignment count too; pictures cut tight around a chin are not always found.
    assert whole["share_detected"] > 0.97
    assert whole["accuracy_on_detected"] == pytest.approx(exact["accuracy"], abs=0.05)


def test_another_vote_than_the_one_that_is_served_is_found_out(platform: Platform, sample: Split) -> None:
    panel = open_panel(MODELS, profile="equal")
    some = sample.where(np.arange(len(sample)) % 50 == 0)
    with pytest.raises(ServedError, match="does not serve these members' vote"):
        measure_served(platform.url, some, lambda pictures: panel.vote(panel.predictions(pictures)))
