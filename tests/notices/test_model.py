"""Signatures, addresses and the schedule: plain values, no database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from huiliu.notices.addresses import check_url, is_public
from huiliu.notices.model import BACKOFF, EventName, UrlBad, retry_after
from huiliu.notices.signing import headers, new_secret
from huiliu.worker.reactions import REACTIONS


def test_a_receiver_verifies_with_the_standard_library_alone() -> None:
    secret, body = new_secret(), '{"event":"claim.filed","data":"充值"}'.encode()
    sent = headers(secret, delivery_id="d-1", event="claim.filed", timestamp=1_795_000_000, body=body)
    made = hmac.new(secret.encode(), sent["Huiliu-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(made, sent["Huiliu-Signature"])
    tampered = hmac.new(secret.encode(), b"1795000000." + body + b" ", hashlib.sha256).hexdigest()
    assert tampered != sent["Huiliu-Signature"]


def test_a_standard_webhooks_library_verifies_the_same_message() -> None:
    # By the specification: base64 of HMAC-SHA256 over "id.timestamp.body" with the decoded part after whsec_.
    secret, body = new_secret(), b"{}"
    sent = headers(secret, delivery_id="msg_1", event="claim.filed", timestamp=1_795_000_000, body=body)
    key = base64.b64decode(secret.split("_", 1)[1])
    wanted = base64.b64encode(hmac.new(key, b"msg_1.1795000000.{}", hashlib.sha256).digest()).decode()
    assert sent["webhook-signature"] == f"v1,{wanted}"
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("msg_1", "1795000000")


def test_two_secrets_are_never_alike() -> None:
    assert len({new_secret() for _ in range(100)}) == 100


def test_the_schedule_widens_and_ends() -> None:
    waits = [retry_after(attempt) for attempt in range(1, 10)]
    assert waits[0] == timedelta(seconds=10)
    assert waits[-2] == timedelta(hours=24)
    assert waits[-1] is None
    assert list(BACKOFF) == sorted(BACKOFF)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com/hooks",
        "https://shop.example.com:8443/a?b=c",
        "https://8.8.8.8/x",
        "https://[2606:4700:4700::1111]/x",
    ],
)
def test_a_public_https_address_may_be_called(url: str) -> None:
    check_url(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://shop.example.com/", "not_https"),
        ("ftp://shop.example.com/", "not_https"),
        ("file:///etc/passwd", "malformed"),
        ("https://", "malformed"),
        ("https:///path", "malformed"),
        ("shop.example.com", "malformed"),
        ("https://shop.example.com:99999/", "malformed"),
        ("https://shop.example.com:0/", "malformed"),
        ("https://user:pass@shop.example.com/", "has_password"),
        ("https://shop.example.com/#part", "has_fragment"),
        ("https://shop.example.com/a b", "characters"),
        ("https://商城.example.com/", "characters"),
        ("https://shop.example.com\\@10.0.0.1/", "characters"),
        ("https://shop.example.com/\r\nX: y", "characters"),
        ("https://a..b.example.com/", "malformed"),
        ("https://.example.com/", "malformed"),
        (f"https://{'a' * 64}.example.com/", "malformed"),
        ("https://localhost/", "private"),
        ("https://db.internal/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://127.1/", "private"),
        ("https://2130706433/", "private"),
        ("https://0x7f.1/", "private"),
        ("https://0x7f000001/", "private"),
        ("https://10.0.0.8/", "private"),
        ("https://192.168.1.1/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://100.64.0.1/", "private"),
        ("https://0.0.0.0/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://[fd00::1]/", "private"),
        ("https://[fe80::1]/", "private"),
        ("https://[64:ff9b::a00:1]/", "private"),
        ("https://[64:ff9b:1::a00:1]/", "private"),
        ("https://[::a00:1]/", "private"),
        ("https://[2002:a00:1::]/", "private"),
        ("https://224.0.0.1/", "private"),
        ("https://shop.example.com/" + "x" * 500, "url_too_long"),
    ],
)
def test_an_address_that_leads_inside_or_nowhere_is_refused(url: str, problem: str) -> None:
    with pytest.raises(UrlBad) as refused:
        check_url(url, allow_private=False)
    assert refused.value.facts == {"problem": problem}


def test_the_demo_may_call_this_machine_but_no_file() -> None:
    check_url("http://127.0.0.1:9000/hooks", allow_private=True)
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/", "http://user@127.0.0.1/"):
        with pytest.raises(UrlBad):
            check_url(url, allow_private=True)


def test_an_address_that_is_no_address_is_not_public() -> None:
    assert not is_public("shop.example.com")
    assert not is_public("")
    assert is_public("1.1.1.1")


def test_every_event_has_something_that_causes_it_and_no_reaction_passes_on_words() -> None:
    assert {reaction.event for reaction in REACTIONS.values()} == set(EventName)
    for reaction in REACTIONS.values():
        assert not {"words", "note", "statement", "arrived_to", "contact"} & set(reaction.fields)
