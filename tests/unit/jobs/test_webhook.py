"""Messages about a job's end: signed as the specification has it, and never sent into a private network."""

import socket
from unittest import mock

import pytest

from jobs import webhook
from jobs.settings import JobSettings
from jobs.webhook import BadWebhook, NotDelivered, NotLookedUp, UnknownHost, check_url, deliver, signature
from runtime.settings import BadSetting, read_settings


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """Standard Webhooks 1.0, the example that its libraries are tested with."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1:8080/hook",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://10.0.0.7/",
        "http://172.16.3.4/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://localhost:6379/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[::127.0.0.1]/",
        "http://224.0.0.1/",
        "http://[ff02::1]/",
        "http://[ff0e::1]/",
        "http://[fec0::1]/",
    ],
)
def test_private_addresses_are_refused(url: str) -> None:
    with pytest.raises(BadWebhook, match="private network"):
        check_url(url, private_allowed=False)
    check_url(url, private_allowed=True)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "http://",
        "https://me:word@1.1.1.1/",
        "http://1.1.1.1:99999/",
        "http://1.1.1.1:0/",
        "http://1.1.1.1\\@127.0.0.1/",
        "http://a..b/",
        "x",
        "http://1.1.1.1/\x01",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(BadWebhook):
        check_url(url, private_allowed=True)


def test_a_public_address_gives_what_is_to_be_called() -> None:
    assert check_url("https://1.1.1.1/hook", private_allowed=False) == "1.1.1.1"
    assert check_url("http://1.1.1.1:8000/hook", private_allowed=False) == "1.1.1.1"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://bücher.example/hook", "xn--bcher-kva.example"),
        ("https://host.example:8443/hook", "host.example:8443"),
        ("https://host.example/hook", "host.example"),
        ("http://[2606:4700::1111]/hook", "[2606:4700::1111]"),
    ],
)
def test_the_receiver_is_named_as_http_has_it(url: str, host: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))]
    with (
        mock.patch.object(socket, "getaddrinfo", return_value=found),
        mock.patch.object(webhook, "_post", mock.AsyncMock(return_value=204)) as post,
    ):
        deliver(url, "job_1", b"{}", "", private_allowed=False)
    called, _, headers, _ = post.await_args.args
    assert (called.host, headers["Host"]) == ("1.1.1.1", host)


@pytest.mark.parametrize("secret", ["my-secret-123", "whsec_", "whsec_abc"])
def test_a_secret_that_can_not_sign_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(BadSetting, match=r"THESPIS_WEBHOOK_SECRET .* whsec_ and base64") as refused:
        read_settings(JobSettings, {"THESPIS_WEBHOOK_SECRET": secret})
    assert "my-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [(socket.EAI_NONAME, UnknownHost, "is not known"), (socket.EAI_AGAIN, NotLookedUp, "no name server")],
)
def test_a_host_that_is_not_known_is_told_from_a_name_server_that_is_away_and_both_are_tried_again_later(
    code: int, kind: type[UnknownHost], said: str
) -> None:
    with mock.patch.object(socket, "getaddrinfo", side_effect=socket.gaierror(code, "no such luck")):
        with pytest.raises(UnknownHost, match=said) as refused:
            check_url("https://host.example/", private_allowed=False)
        assert type(refused.value) is kind
        with pytest.raises(NotDelivered, match=said):
            deliver("https://host.example/", "job_1", b"{}", "", private_allowed=False)
