"""What is measured offline is what is served: the labelled sample through the running platform.

The sample is research data that no checkout contains; without it these tests say so and are skipped.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.local import LiteMember
from contracts.labels import LABELS
from runtime.model_tree import read_ensemble
from tests.platform_process import ROOT, Platform
from training.fer2013 import Split
from training.measures import accuracy
from training.served import as_jpeg, measure_served

MODELS = ROOT / "models"
SAMPLE = ROOT.parent / "shared" / "data" / "fer2013" / "fer2013_sample350.npz"


@pytest.fixture(scope="module")
def sample() -> Split:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE} is not there: 50 pictures a label of FER2013's private test, for research only")
    with np.load(SAMPLE) as arrays:
        return Split("private_test", arrays["images"], arrays["labels"].astype(np.int64))


def offline_vote(models: Path, sample: Split) -> np.ndarray:
    ensemble = read_ensemble(models)
    weights = ensemble.votes["default"].weights
    vote = np.zeros((len(sample), len(LABELS)))
    for name, weight in weights.items():
        file = models / name / str(ensemble.members[name].version) / ensemble.bare_machine_file
        member = LiteMember(file, 1)
        vote += weight * np.concatenate([member.predict(crop[None, :, :, None]) for crop in sample.pictures])
    return vote


def as_decoded(sample: Split) -> Split:
    """The sample as it is after a JPEG's way there and back."""
    jpegs = [np.frombuffer(as_jpeg(picture), np.uint8) for picture in sample.pictures]
    return Split(sample.name, np.stack([cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE) for jpeg in jpegs]), sample.labels)


def test_the_platform_is_as_accurate_as_the_files_it_serves(platform: Platform, sample: Split) -> None:
    offline = offline_vote(MODELS, sample)
    served = measure_served(platform.url, sample, offline)
    exact, lossy, whole = served["cropped"], served["cropped_jpeg"], served["uncropped"]
    assert exact["largest_difference"] < 1e-3
    assert exact["accuracy"] == pytest.approx(accuracy(offline, sample.labels), abs=1e-9)
    # What JPEG changes is all that differs: read from the same JPEGs, the files give what is served.
    from_jpegs = accuracy(offline_vote(MODELS, as_decoded(sample)), sample.labels)
    assert lossy["accuracy"] == pytest.approx(from_jpegs, abs=1e-9)
    assert lossy["same_top"] > 0.85
    # Detection and alignment count too; pictures cut tight around a chin are not always found.
    assert whole["share_detected"] > 0.97
    assert whole["accuracy_on_detected"] == pytest.approx(exact["accuracy"], abs=0.05)
