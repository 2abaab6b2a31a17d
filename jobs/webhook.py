"""Telling a client that its job has ended: Standard Webhooks 1.0 (standardwebhooks.com), signed, retried, and never
sent to an address inside our own network.

BadWebhook      Raised when an address may not be called; the client's to correct.
UnknownHost     Raised when no address is known of its host; the client's to correct.
NotLookedUp     Raised when no name server could be asked; a later attempt may pass.
NotDelivered    Raised when the receiver could not be reached or was not content; a later attempt may pass.
NotWanted       Raised when the receiver answers 410: it wants no more.
"""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
import time
from typing import Final

import httpx

TIMEOUT_S: Final = 10.0
GONE: Final = 410

PORTS: Final = range(1, 65_536)
STANDS_FOR_IPV4: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""Compatible, mapped, NAT64, Teredo and 6to4."""


class BadWebhook(ValueError):
    """Raised when an address may not be called."""


class UnknownHost(BadWebhook):
    """Raised when the look-up of an address fails."""


class NotLookedUp(UnknownHost):
    """Raised when no name server could be asked; the address may be a good one."""


class NotDelivered(RuntimeError):
    """Raised when a message did not arrive."""


class NotWanted(RuntimeError):
    """Raised when the receiver wants no more messages."""


def check_url(url: str, *, private_allowed: bool) -> str:
    """The one address of its host that may be called. Raises BadWebhook."""
    try:
        named = httpx.URL(url)
    except httpx.InvalidURL as problem:
        raise BadWebhook(f"webhook_url: {problem}") from problem
    if named.scheme not in ("http", "https") or not named.host or named.userinfo:
        raise BadWebhook("webhook_url is an http or https address without a name or password in it")
    port = {"http": 80, "https": 443}[named.scheme] if named.port is None else named.port
    if port not in PORTS:
        raise BadWebhook(f"webhook_url: there is no port {port}")
    try:
        found = socket.getaddrinfo(named.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        if isinstance(problem, socket.gaierror) and problem.errno == socket.EAI_AGAIN:
            raise NotLookedUp(f"webhook_url: no name server tells of {named.host} now") from problem
        raise UnknownHost(f"webhook_url: {named.host} is not known") from problem
    address = str(found[0][4][0])
    if not private_allowed and not _is_public(address):
        raise BadWebhook("webhook_url leads into a private network; THESPIS_WEBHOOKS_TO_PRIVATE allows that")
    return address


def _is_public(address: str) -> bool:
    """Whether it is one host on the internet. An IPv6 address that stands for an IPv4 one leads where that one does, by
    a gateway of the network, so it is refused whatever it holds.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if not ip.is_global or ip.is_multicast or (isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local):
        return False
    return not (isinstance(ip, ipaddress.IPv6Address) and any(ip in network for network in STANDS_FOR_IPV4))


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, time and body, as the specification has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def deliver(url: str, message_id: str, body: bytes, secret: str, *, private_allowed: bool) -> None:
    """Posts one message. Raises BadWebhook, NotDelivered, NotWanted."""
    try:
        address = check_url(url, private_allowed=private_allowed)
    except UnknownHost as problem:  # it was known when the job was submitted
        raise NotDelivered(str(problem)) from problem
    timestamp = int(time.time())
    named = httpx.URL(url)
    headers = {
        "Host": named.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    if secret:
        headers["webhook-signature"] = signature(secret, message_id, timestamp, body)
    # The address that was checked is the one that is called: a second look-up might give another.
    pinned = named.copy_with(host=address)
    try:
        status = asyncio.run(_post(pinned, named.raw_host.decode("ascii"), headers, body))
    except (httpx.HTTPError, TimeoutError) as problem:
        raise NotDelivered(f"the webhook could not be reached: {type(problem).__name__}") from problem
    if status == GONE:
        raise NotWanted
    if not 200 <= status < 300:
        raise NotDelivered(f"the webhook answered {status}")


async def _post(url: httpx.URL, host: str, headers: dict[str, str], body: bytes) -> int:
    """The answer's status. Its body is never read, and all of it has one time limit: a receiver may be hostile, too."""
    async with asyncio.timeout(TIMEOUT_S), httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
        request = client.build_request("POST", url, content=body, headers=headers, extensions={"sni_hostname": host})
        answer = await client.send(request, stream=True, follow_redirects=False)
        await answer.aclose()
        return answer.status_code
