from contracts.geometry import BoundingBox
from faces.following import Follower


def box(x: float, y: float = 0, size: float = 100) -> BoundingBox:
    return BoundingBox(x, y, size, size)


def test_a_face_that_moves_a_little_keeps_its_id() -> None:
    follower = Follower()
    first = follower.update([box(0)], 0.0)
    assert follower.update([box(20)], 0.1) == first


def test_two_faces_keep_their_ids_when_their_order_changes() -> None:
    follower = Follower()
    left, right = follower.update([box(0), box(300)], 0.0)
    assert follower.update([box(305), box(5)], 0.1) == [right, left]


def test_a_quick_move_without_overlap_is_still_the_same_face() -> None:
    follower = Follower()
    first = follower.update([box(0, size=50)], 0.0)
    assert follower.update([box(22, 10, size=50)], 0.2) == first


def test_a_face_far_away_is_another_face() -> None:
    follower = Follower()
    first = follower.update([box(0)], 0.0)
    assert follower.update([box(400)], 0.1) != first


def test_a_face_that_is_gone_for_less_than_a_second_keeps_its_id() -> None:
    follower = Follower()
    first = follower.update([box(0)], 0.0)
    follower.update([], 0.5)
    assert follower.update([box(0)], 0.9) == first


def test_a_face_that_vanishes_for_a_second_loses_its_id() -> None:
    follower = Follower()
    first = follower.update([box(0)], 0.0)
    follower.update([], 0.5)
    assert follower.update([box(0)], 1.0) != first
    assert follower.followed == {2}


def test_a_face_of_the_frame_before_keeps_its_id_up_to_two_seconds() -> None:
    follower = Follower()
    first = follower.update([box(0)], 0.0)
    assert follower.update([box(0)], 1.0) == first, "as pictures of a zip are shown"
    assert follower.update([box(0)], 3.5) != first


def test_the_best_overlap_wins_when_two_boxes_claim_one_face() -> None:
    follower = Follower()
    (first,) = follower.update([box(0)], 0.0)
    ids = follower.update([box(40), box(5)], 0.1)
    assert ids[1] == first
    assert ids[0] != first


def test_boxes_without_size_do_no_harm() -> None:
    follower = Follower()
    follower.update([box(0, size=0)], 0.0)
    assert len(follower.update([box(0, size=0)], 0.1)) == 1
