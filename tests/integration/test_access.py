"""Keys, tickets and limits on a real Redis, as several gateways use it at once."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from unittest import mock

import pytest
import pytest_asyncio
import redis
import redis.asyncio

from access import store as store_module
from access.keys import Caller, Key, Quotas, make_key
from access.limits import Limits, patient_redis
from access.ring import LOOK_UPS, KeyRing
from access.store import KeyStore
from access.tickets import FILE_TICKET_S, SESSION_TICKET_S, Tickets
from tests.integration.redis_server import redis_server
from tests.waiting import wait_until_async
from thespis.ports import free_ports


@pytest_asyncio.fixture
async def gateways(redis_url: str, client: "redis.Redis") -> AsyncIterator[list["redis.asyncio.Redis"]]:
    """The connections of two gateways."""
    both = [redis.asyncio.Redis.from_url(redis_url) for _ in range(2)]
    yield both
    for connection in both:
        await connection.aclose()


def caller(sessions: int = 2) -> Caller:
    return make_key("test", ["stream"], Quotas(sessions=sessions))[0].caller


async def test_requests_are_counted_together_whichever_gateway_is_asked(gateways: list["redis.asyncio.Redis"]) -> None:
    one, other = (Limits(gateway) for gateway in gateways)
    waits = [await limits.seconds_to_wait("key:a", 12) for limits in (one, other) * 2]
    assert waits[:2] == [0, 0], "ten seconds' worth may come at once"
    assert all(1 <= wait <= 5 for wait in waits[2:])
    assert await one.seconds_to_wait("key:b", 12) == 0, "others are not concerned"


async def test_after_the_wait_that_was_told_a_request_passes(gateways: list["redis.asyncio.Redis"]) -> None:
    limits = Limits(gateways[0])
    per_minute = 600
    while not (wait_s := await limits.seconds_to_wait("a", per_minute)):
        pass
    assert wait_s == 1

    async def passes() -> bool:
        return await limits.seconds_to_wait("a", per_minute) == 0

    await wait_until_async(passes, timeout_s=wait_s + 1)


async def test_what_is_refused_costs_no_later_request(gateways: list["redis.asyncio.Redis"]) -> None:
    limits = Limits(gateways[0])
    waits = [await limits.seconds_to_wait("a", 1) for _ in range(20)]
    assert waits[0] == 0
    assert set(waits[1:]) == {60}


async def test_a_keys_sessions_are_counted_over_all_gateways(gateways: list["redis.asyncio.Redis"]) -> None:
    one, other = (Limits(gateway) for gateway in gateways)
    who = caller(sessions=2)
    assert await one.hold_place(who, "first")
    assert await other.hold_place(who, "second")
    assert not await one.hold_place(who, "third")
    assert await one.hold_place(who, "first"), "who has a place keeps it"
    await other.free_place(who, "second")
    assert await one.hold_place(who, "third")


async def test_the_places_of_a_fallen_gateway_are_free_after_their_lease(
    gateways: list["redis.asyncio.Redis"], client: "redis.Redis"
) -> None:
    limits, who = Limits(gateways[0]), caller(sessions=1)
    assert await limits.hold_place(who, "lost")
    (places,) = client.keys("thespis:sessions:*")
    assert 0 < client.ttl(places) <= 30
    client.zadd(places, {"lost": time.time() - 1})
    assert await limits.hold_place(who, "new")
    assert client.zrange(places, 0, -1) == [b"new"]


async def test_while_redis_is_away_nothing_is_counted() -> None:
    (port,) = free_ports(1)
    async with redis.asyncio.Redis(port=port) as nowhere:
        limits = Limits(nowhere)
        assert await limits.seconds_to_wait("a", 1) == 0
        assert await limits.hold_place(caller(sessions=0), "one")
        await limits.free_place(caller(), "one")


async def test_a_sessions_ticket_opens_one_session_at_whichever_gateway(
    gateways: list["redis.asyncio.Redis"], client: "redis.Redis"
) -> None:
    one, other = (Tickets(gateway) for gateway in gateways)
    who = caller()
    ticket, good_for_s = await one.issue(who)
    assert good_for_s == SESSION_TICKET_S >= client.ttl(client.keys("thespis:ticket:*")[0])
    answers = await asyncio.gather(*(tickets.redeem(ticket, "/v1/stream") for tickets in (one, other) * 10))
    assert [answer for answer in answers if answer is not None] == [who]


async def test_a_files_ticket_opens_that_path_and_no_other_as_often_as_a_browser_needs(
    gateways: list["redis.asyncio.Redis"],
) -> None:
    tickets, who = Tickets(gateways[0]), caller()
    ticket, good_for_s = await tickets.issue(who, "/v1/jobs/1/annotated")
    assert good_for_s == FILE_TICKET_S
    for _ in range(3):
        assert await tickets.redeem(ticket, "/v1/jobs/1/annotated") == who
    assert await tickets.redeem(ticket, "/v1/jobs/2/annotated") is None
    assert await tickets.redeem("", "/v1/jobs/1/annotated") is None


async def test_of_a_ticket_only_a_hash_is_stored(gateways: list["redis.asyncio.Redis"], client: "redis.Redis") -> None:
    ticket, _ = await Tickets(gateways[0]).issue(caller())
    (key,) = client.keys()
    assert ticket.encode() not in key + client.get(key)


def stored(client: "redis.Redis") -> tuple[KeyStore, Key, str]:
    store = KeyStore(client)
    key, text = make_key("laptop", ["stream"], Quotas())
    assert store.add(key)
    return store, key, text


def test_a_first_key_is_made_only_once(client: "redis.Redis") -> None:
    store = KeyStore(client)
    first, second = (make_key("first", ["stream"], Quotas())[0] for _ in range(2))
    assert not store.any()
    assert store.add(first, only_first=True)
    assert not store.add(second, only_first=True)
    assert store.add(first, only_first=True), "asked again, as when the first answer was lost"
    assert [key for key, _ in store.all()] == [first]


def test_of_a_key_no_secret_is_stored(client: "redis.Redis") -> None:
    _, key, text = stored(client)
    assert client.keys() == [store_module.KEYS.encode()]
    (record,) = client.hgetall(store_module.KEYS).values()
    assert text.removeprefix(f"thespis_{key.id}_").encode() not in record
    assert key.id.encode() in record


async def test_the_last_use_is_written_once_a_minute_at_most(client: "redis.Redis") -> None:
    store, key, text = stored(client)

    async def last_use() -> float:
        """After one more; no request waits until its use is noted."""
        ring = KeyRing(store)
        assert await ring.caller(text) == key.caller
        await ring._noting
        return store.all()[0][1]

    first = await last_use()
    assert await last_use() == first
    client.hset(store_module.LAST_USED, key.id, first - 61)
    assert await last_use() >= first


async def test_a_use_that_is_noted_late_leaves_nothing_of_a_revoked_key(client: "redis.Redis") -> None:
    store, key, _ = stored(client)
    assert store.revoke(key.id)
    store.was_used(key.id)
    assert client.keys() == []


async def test_a_wrong_secret_is_nobody(client: "redis.Redis") -> None:
    store, _, text = stored(client)
    ring = KeyRing(store)
    for wrong in (text[:-1], text + "a", "", "thespis_", text.rpartition("_")[0]):
        assert await ring.caller(wrong) is None
    assert store.all()[0][1] is None, "whoever only knows a key's id does not use it"
    assert await ring.caller(text)


async def test_a_revoked_key_is_unknown_within_seconds_and_at_once_where_it_was_not_met(client: "redis.Redis") -> None:
    store, key, text = stored(client)
    ring = KeyRing(store)
    assert await ring.caller(text)
    assert store.revoke(key.id)
    assert not store.revoke(key.id)
    assert await KeyRing(store).caller(text) is None

    async def forgotten() -> bool:
        return await ring.caller(text) is None

    await wait_until_async(forgotten, timeout_s=5)
    assert client.keys() == []


async def test_a_key_that_was_met_is_good_while_the_jobs_redis_is_away() -> None:
    with redis_server() as url, redis.Redis.from_url(url) as client:
        store, key, text = stored(client)
        ring = KeyRing(store)
        assert await ring.caller(text) == key.caller
    ring._met[key.id].asked_at -= 3
    assert await ring.caller(text) == key.caller
    with pytest.raises(redis.ConnectionError):
        await KeyRing(store).caller(text)
    ring._met[key.id].asked_at -= 3
    ring._met[key.id].seen_at -= 100
    with pytest.raises(redis.ConnectionError):
        await ring.caller(text)


async def met_a_while_ago() -> tuple[mock.Mock, KeyRing, Key, str]:
    """A store made for the test, a ring that has met its only key and must ask for it again, and that key."""
    key, text = make_key("laptop", ["stream"], Quotas())
    store = mock.create_autospec(KeyStore, instance=True)
    store.find.return_value = key
    ring = KeyRing(store)
    assert await ring.caller(text) == key.caller
    ring._met[key.id].asked_at -= 3
    ring._noted[key.id] -= 3
    return store, ring, key, text


async def test_a_redis_that_hangs_is_asked_once_for_all_who_wait_and_not_again_for_a_while() -> None:
    store, ring, key, text = await met_a_while_ago()
    answering = threading.Event()

    def hang(_: str) -> None:
        assert answering.wait(30)
        raise redis.TimeoutError

    store.find.side_effect = hang
    asking = [asyncio.create_task(ring.caller(text)) for _ in range(10)]
    await asyncio.sleep(0)
    answering.set()
    assert await asyncio.gather(*asking) == [key.caller] * 10, "it is remembered"
    assert await ring.caller(text) == key.caller
    assert store.find.call_count == 2


async def test_a_key_that_was_met_does_not_wait_behind_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("access.ring.ANSWERED_WITHIN_S", 0.05)
    store, ring, key, text = await met_a_while_ago()
    answering = threading.Event()
    store.find.side_effect = lambda _: answering.wait() and None
    strangers = [asyncio.create_task(ring.caller(make_key("no", ["stream"], Quotas())[1])) for _ in range(LOOK_UPS)]
    try:
        async with asyncio.timeout(20):  # nothing else would end it
            assert await ring.caller(text) == key.caller
            refused = await asyncio.gather(*strangers, return_exceptions=True)
    finally:
        answering.set()
    assert [type(problem) for problem in refused] == [redis.TimeoutError] * LOOK_UPS


async def test_a_clock_that_is_set_back_locks_nobody_out(
    gateways: list["redis.asyncio.Redis"], client: "redis.Redis"
) -> None:
    limits = Limits(gateways[0])
    client.set("thespis:asked:anna", time.time() + 3600)
    assert 0 < await limits.seconds_to_wait("anna", 60) <= 11


async def test_a_burst_that_needs_more_connections_than_there_are_is_counted_all_the_same(redis_url: str) -> None:
    async with patient_redis(redis_url, 10.0) as connection:
        limits, who = Limits(connection), caller(sessions=2)
        held = await asyncio.gather(*(limits.hold_place(who, f"session {number}") for number in range(300)))
        waits = await asyncio.gather(*(limits.seconds_to_wait("burst", 12) for _ in range(300)))
    assert sum(held) == 2
    assert waits.count(0) == 2
