"""The code that the guide tells shops to copy does what the server expects."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from huiliu.api.routing import OPERATIONS
from huiliu.notices.model import EventName
from huiliu.notices.signing import headers, new_secret
from huiliu.people.model import Scope
from huiliu.people.signatures import is_signed_by, read_headers

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/api.md").read_text("utf-8")


def copied(name: str) -> Any:
    """A function as a shop would have it after copying the block that defines it."""
    block = next(each for each in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if f"def {name}(" in each)
    found: dict[str, Any] = {}
    exec(block, found)  # noqa: S102 - our own document
    return found[name]


def test_a_request_signed_as_the_guide_says_is_accepted() -> None:
    body, target = '{"order_no":"充值"}'.encode(), "/api/v1/refunds?x=%E5%85%85"
    made = copied("signed_headers")("hl_kamen_0", "secret", "POST", target, body)
    signed = read_headers(made)
    assert is_signed_by("secret", signed, method="POST", target=target, body=body)
    assert not is_signed_by("secret", signed, method="POST", target=target, body=body + b" ")


def test_a_webhook_checked_as_the_guide_says_is_genuine_only_as_it_was_sent() -> None:
    is_genuine, secret, body, now = copied("is_genuine"), new_secret(), b'{"event":"claim.filed"}', int(time.time())
    sent = headers(secret, delivery_id="d", event="claim.filed", timestamp=now, body=body)
    assert is_genuine(secret, sent, body)
    assert not is_genuine(secret, sent, body + b" ")
    assert not is_genuine(new_secret(), sent, body)
    old = headers(secret, delivery_id="d", event="claim.filed", timestamp=now - 301, body=body)
    assert not is_genuine(secret, old, body)


def test_the_guide_names_every_scope_and_nothing_that_does_not_exist() -> None:
    assert all(f"`{scope.value}`" in GUIDE for scope in Scope)
    named = set(re.findall(r"`(?:GET|POST|DELETE) (/[a-z-]+)", GUIDE))
    assert named <= {"/" + operation.path.split("/")[1] for operation in OPERATIONS} | {"/api"}
    assert not set(re.findall(r"`(claim\.\w+|payout\.\w+)`", GUIDE)) - {event.value for event in EventName}
