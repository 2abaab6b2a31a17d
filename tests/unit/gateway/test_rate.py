from gateway.rate import Rate


def test_a_second_worth_of_frames_may_come_at_once_and_no_more() -> None:
    rate = Rate(10)
    assert [rate.allows(5.0) for _ in range(12)] == [True] * 10 + [False] * 2


def test_tokens_come_back_with_time() -> None:
    rate = Rate(10)
    for _ in range(10):
        rate.allows(0.0)
    assert not rate.allows(0.05)
    assert rate.allows(0.16)


def test_a_long_silence_earns_no_more_than_a_second_worth() -> None:
    rate = Rate(2)
    rate.allows(0.0)
    assert [rate.allows(1000.0) for _ in range(3)] == [True, True, False]
