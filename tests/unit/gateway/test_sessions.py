"""How many sessions there may be."""

from contracts.members import Ensemble
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings

SETTINGS = GatewaySettings(max_sessions=3, max_sessions_per_address=2)


def sessions() -> Sessions:
    return Sessions(None, Ensemble([], {}, {}), SETTINGS)


async def test_one_address_may_not_take_all_places() -> None:
    room = sessions()
    assert [room.enter("a") for _ in range(3)] == [None, None, "too_many_sessions_of_this_address"]
    assert room.enter("b") is None
    assert room.enter("c") == "too_many_sessions"


async def test_a_subscriber_of_ipv6_is_one_address() -> None:
    room = sessions()
    assert room.enter("2001:db8:1:2::9") is None
    assert room.enter("2001:db8:1:2:3:4:5:6") is None
    assert room.enter("2001:db8:1:2::10") == "too_many_sessions_of_this_address"
    room.leave("2001:db8:1:2::9")
    assert room.enter("2001:db8:1:2::10") is None


async def test_a_place_is_free_again_when_its_session_ends() -> None:
    room = sessions()
    room.enter("a")
    room.enter("a")
    room.leave("a")
    assert room.enter("a") is None
    room.leave("a")
    room.leave("a")
    assert not room.per_address


async def test_a_gateway_that_stops_lets_nobody_in() -> None:
    room = sessions()
    await room.drain()
    assert room.enter("a") == "draining"
