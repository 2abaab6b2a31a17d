"""A client's address is the one that our own proxies saw."""

import pytest

from gateway.addresses import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "proxies", "expected"),
    [
        ("10.0.0.1", [], 0, "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6"], 0, "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], 1, "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
        ("10.0.0.1", ["127.0.0.1", "1.2.3.4"], 1, "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6,1.2.3.4, 10.0.0.2"], 2, "1.2.3.4"),
        ("10.0.0.1", [], 1, "10.0.0.1"),
        (None, [""], 0, ""),
    ],
    ids=[
        "nobody between", "a claim", "one proxy", "a claim before it", "a claim in a line of its own", "two proxies",
        "a silent proxy", "no peer",
    ],
)  # fmt: skip
def test_only_what_our_proxies_wrote_is_believed(
    peer: str | None, forwarded_for: list[str], proxies: int, expected: str
) -> None:
    assert client_address(peer, forwarded_for, proxies) == expected
