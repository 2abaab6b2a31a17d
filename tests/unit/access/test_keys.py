"""What an API key is, who it is known by, and when one is asked for."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.keys import ANYBODY, SCOPES, Key, Quotas, keys_required, make_key, read_key


def made(*scopes: str) -> tuple[Key, str]:
    return make_key("test", list(scopes), Quotas())


def test_a_key_proves_itself_by_its_secret_and_by_no_other() -> None:
    key, text = made("stream")
    key_id, secret = read_key(text) or ("", "")
    assert key_id == key.id
    assert key.is_proven_by(secret)
    assert not key.is_proven_by(secret[:-1])
    assert not key.is_proven_by("")


def test_the_record_holds_nothing_of_the_secret() -> None:
    key, text = made("stream")
    secret = text.split("_", 2)[2]
    assert len(secret) == 43, "256 bits"
    assert secret.encode() not in msgspec.json.encode(key)


def test_no_two_keys_are_alike() -> None:
    texts = {made("stream")[1] for _ in range(100)}
    assert len(texts) == 100


@given(st.text())
def test_whatever_is_no_key_is_none_and_never_an_error(text: str) -> None:
    assert read_key(text) is None
    key_id, secret = read_key(f"thespis_0123456789ab_{text}") or ("", "")
    assert (key_id == "0123456789ab" and secret == text) or not text.isascii()


def test_a_key_may_do_what_its_scopes_say() -> None:
    caller = made("stream")[0].caller
    assert [caller.may(scope) for scope in SCOPES] == [True, False, False, False]
    assert all(made("admin")[0].caller.may(scope) for scope in SCOPES)
    assert all(ANYBODY.may(scope) for scope in SCOPES)


@pytest.mark.parametrize(
    ("host", "require_keys", "insecure", "required"),
    [
        ("127.0.0.1", False, False, False),
        ("127.0.0.9", False, False, False),
        ("::1", False, False, False),
        ("localhost", False, False, False),
        ("0.0.0.0", False, False, True),
        ("::", False, False, True),
        ("", False, False, True),
        ("192.168.1.5", False, False, True),
        ("thespis.lan", False, False, True),
        ("0.0.0.0", False, True, False),
        ("127.0.0.1", True, False, True),
        ("127.0.0.1", True, True, True),
    ],
)
def test_a_key_is_asked_for_wherever_others_can_reach_us(
    host: str, require_keys: bool, insecure: bool, required: bool
) -> None:
    assert keys_required(host, require_keys, insecure) is required
