"""What goes wrong, when, and for whom: the fault plan of a simulated rail."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

RULES_MAX = 1_000


class Fault(StrEnum):
    """Everything a rail has been seen to do."""

    DELAY = "delay"  # answers after `seconds`
    REFUSE = "refuse"  # says no with `code`; books nothing
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"  # books it and never answers; hangs up after `seconds`
    DROP_BEFORE = "drop_before"  # hangs up before booking anything
    ANSWER_TWICE = "answer_twice"  # sends its notification two times
    ANSWER_LATE = "answer_late"  # PROCESSING, and success after `seconds`
    FAIL_LATE = "fail_late"  # PROCESSING, and failure with `code` after `seconds`
    BOUNCE_AFTER_SUCCESS = "bounce_after_success"  # success, and `seconds` later the money comes back
    WRONG_AMOUNT = "wrong_amount"  # books the right amount and says another
    SERVER_ERROR = "server_error"  # books it, then 502
    GARBAGE = "garbage"  # books it, then a page of HTML with status 200
    BAD_SIGNATURE = "bad_signature"  # books it, and signs the answer wrongly


TRANSPORT = frozenset(
    {Fault.ACCEPT_THEN_TIMEOUT, Fault.DROP_BEFORE, Fault.SERVER_ERROR, Fault.GARBAGE, Fault.BAD_SIGNATURE}
)
"""Troubles of one call: by default they hit a refund number once, or a repeated call would never get through."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault and whom it hits. Every condition given must hold; none given: everybody."""

    fault: Fault
    on: Literal["send", "query", "both", "payment"] = "send"
    """`both` is sending and asking about a refund; `payment` is asking about a payment."""
    refund_no: str | None = None
    trade_no: str | None = None
    percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    seed: int = 0
    """With `percent`: the same seed always hits the same refund numbers."""
    next: Annotated[int, Meta(ge=1)] | None = None
    """Only the next so many calls that meet the other conditions."""
    times: Annotated[int, Meta(ge=1)] | None = None
    """How often one refund number is hit; once for troubles of a call, always for the rest."""
    seconds: Annotated[float, Meta(ge=0)] = 0
    code: str = "USER_ACCOUNT_ABNORMAL"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules in order of precedence: the first that fits is the one."""

    rules: Annotated[tuple[Rule, ...], Meta(max_length=RULES_MAX)] = ()


class Planner:
    """Applies a plan and remembers what it has already done."""

    def __init__(self, plan: Plan) -> None:
        self.set(plan)

    def set(self, plan: Plan) -> None:
        """Start over with another plan."""
        self._rules = plan.rules
        self._left = {i: rule.next for i, rule in enumerate(plan.rules) if rule.next is not None}
        self._hits: dict[tuple[int, str], int] = {}

    def choose(self, on: Literal["send", "query", "payment"], *, refund_no: str, trade_no: str) -> Rule | None:
        """The rule that hits this call, if one does; it is used up accordingly."""
        for i, rule in enumerate(self._rules):
            if not _fits(rule, on, refund_no=refund_no, trade_no=trade_no) or self._left.get(i, 1) == 0:
                continue
            limit = rule.times or (1 if rule.fault in TRANSPORT else None)
            hits = self._hits.get((i, refund_no), 0)
            if limit is not None and hits >= limit:
                continue
            self._hits[i, refund_no] = hits + 1
            if i in self._left:
                self._left[i] -= 1
            return rule
        return None


def _fits(rule: Rule, on: str, *, refund_no: str, trade_no: str) -> bool:
    if rule.on != on and (rule.on != "both" or on == "payment"):
        return False
    if rule.refund_no not in (None, refund_no) or rule.trade_no not in (None, trade_no):
        return False
    return rule.percent is None or _draw(rule.seed, refund_no) < rule.percent


def _draw(seed: int, refund_no: str) -> float:
    """A number in [0, 100) that depends on nothing but the seed and the refund."""
    digest = hashlib.sha256(f"{seed}/{refund_no}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48) * 100
