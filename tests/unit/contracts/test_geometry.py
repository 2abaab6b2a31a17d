import pytest

from contracts.geometry import BoundingBox, overlap


@pytest.mark.parametrize(
    ("second", "share"),
    [
        (BoundingBox(0, 0, 10, 10), 1.0),
        (BoundingBox(5, 0, 10, 10), 1 / 3),
        (BoundingBox(10, 0, 10, 10), 0.0),
        (BoundingBox(50, 50, 10, 10), 0.0),
        (BoundingBox(0, 0, 5, 5), 0.25),
    ],
)
def test_overlap_is_intersection_over_union(second: BoundingBox, share: float) -> None:
    first = BoundingBox(0, 0, 10, 10)
    assert overlap(first, second) == pytest.approx(share)
    assert overlap(second, first) == pytest.approx(share)
