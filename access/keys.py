"""API keys: how one is made, what it may do, and how it is known again.

A key reads `thespis_<id>_<secret>`. The id is public and finds the record; of the secret only a keyed hash of the id is
kept, HMAC-SHA256 under the secret (RFC 2104): it proves the secret for this id and tells nothing of it. That is enough
because the secret is 256 random bits: nobody can try them all, so a slow hash such as argon2, which protects words that
people choose, would only slow us down.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

Scope = Literal["stream", "images", "jobs", "admin"]
"""Live sessions; single pictures; videos; the jobs of all keys, beside everything else."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
PREFIX: Final = "thespis"
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32


class Quotas(msgspec.Struct, frozen=True, kw_only=True):
    """How much one key may ask for."""

    per_minute: Annotated[int, Meta(ge=1, description="requests a minute, over all gateways")] = 1200
    sessions: Annotated[int, Meta(ge=0, description="live sessions at once, over all gateways")] = 20
    unfinished_jobs: Annotated[int, Meta(ge=0, description="jobs that are queued or running at once")] = 20
    stored_jobs: Annotated[int, Meta(ge=0, description="jobs that are kept, ended ones too")] = 1000


class Caller(msgspec.Struct, frozen=True):
    """Who asks: a key's public side. Where no key is asked for it is ANYBODY."""

    key_id: str
    scopes: frozenset[Scope]
    quotas: Quotas

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes


ANYBODY: Final = Caller("", frozenset({"admin"}), Quotas())


class Key(msgspec.Struct, frozen=True):
    """A key's record. `proof` is all that is left of its secret."""

    id: str
    name: str
    scopes: list[Scope]
    quotas: Quotas
    created_s: float
    proof: str

    @property
    def caller(self) -> Caller:
        return Caller(self.id, frozenset(self.scopes), self.quotas)

    def is_proven_by(self, secret: str) -> bool:
        return hmac.compare_digest(self.proof, _proof(self.id, secret))


def make_key(name: str, scopes: list[Scope], quotas: Quotas) -> tuple[Key, str]:
    """A new record, and the key's text, which is nowhere else from then on."""
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    return Key(key_id, name, scopes, quotas, time.time(), _proof(key_id, secret)), f"{PREFIX}_{key_id}_{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """Id and secret; None for what is no key."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or len(key_id) != 2 * ID_BYTES or not key_id.isalnum() or not secret.isascii():
        return None
    return key_id, secret


def keys_required(host: str, require_keys: bool, insecure: bool) -> bool:
    """Whether a gateway that listens there asks for keys: always where others than this machine can reach it."""
    return require_keys or not (insecure or is_this_machine(host))


def is_this_machine(host: str) -> bool:
    """Whether an address, or the name `localhost`, is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proof(key_id: str, secret: str) -> str:
    return hmac.new(secret.encode(), key_id.encode(), hashlib.sha256).hexdigest()
