"""How many sessions there may be."""

from typing import Any

import pytest

from access.keys import ANYBODY, Caller, Quotas
from contracts.members import Ensemble
from gateway.sessions import Place, Sessions
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


@pytest.mark.parametrize(
    ("caller", "address", "shared"),
    [
        (Caller("5ede", frozenset({"stream"}), Quotas()), "127.0.0.1", True),
        (ANYBODY, "203.0.113.7", True),
        (ANYBODY, "127.0.0.1", False),
    ],
)
def test_sessions_of_a_key_or_of_an_address_share_one_turn_and_this_machines_have_their_own(
    caller: Caller, address: str, shared: bool
) -> None:
    door: Any = None
    first, second = Place(door, caller, address), Place(door, caller, address)
    assert (first.asker == second.asker) is shared
