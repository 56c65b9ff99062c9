"""A claim's events as lines that a buyer reads: who, when, what, in which words. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from huiliu.evidence.slots import CATALOGUE, SlotCode
from huiliu.journal.reads import Event
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, has_words, say

EVIDENCE_KINDS = frozenset({"evidence.added", "evidence.removed"})
MONEY_KINDS = frozenset({"claim.approved", "claim.refunded", "payout.verified"})


class TimelineLine(Struct, frozen=True, kw_only=True):
    """One entry. `mark` is the journal's own number, so that two people can speak of the same line."""

    at: datetime
    who: str
    what: str
    words: str
    mark: int
    tone: str
    """you, money or plain: how its dot looks; the words say the same."""


def timeline_lines(lang: Lang, events: list[Event], *, for_desk: bool = False) -> tuple[TimelineLine, ...]:
    """Newest first; neighbouring uploads of one person become one line."""
    grouped: list[list[Event]] = []
    for event in events:
        if grouped and _joins(grouped[-1][-1], event):
            grouped[-1].append(event)
        else:
            grouped.append([event])
    return tuple(_line(lang, group, for_desk=for_desk) for group in reversed(grouped))


def _joins(before: Event, event: Event) -> bool:
    same = (before.kind, before.actor_kind, before.actor_id) == (event.kind, event.actor_kind, event.actor_id)
    return same and event.kind in EVIDENCE_KINDS and before.body.get("source") == event.body.get("source")


def _line(lang: Lang, group: list[Event], *, for_desk: bool) -> TimelineLine:
    event = group[-1]
    is_platform = event.kind in EVIDENCE_KINDS and event.body.get("source") == "platform"
    # Policy decisions and platform records are the system's doing, whoever's transaction they happened in.
    role = "system" if is_platform else event.actor_kind
    key = f"claims.role.{'buyer_desk' if for_desk and role == 'buyer' else role}"
    who = say(lang, key) + (f" {event.actor_name}" if role == "staff" else "")
    if event.actor_id == "policy":
        who = say(lang, "web.claim.by_policy", label=event.actor_name)
    name = event.kind.replace(".", "_")
    key = "web.claim.records_attached" if is_platform and event.kind == "evidence.added" else f"claims.event.{name}"
    what = say(lang, key if has_words(key) else "claims.event.other", **_facts(lang, group))
    words = event.body.get("words")
    tone = "money" if event.kind in MONEY_KINDS else "you" if role == "buyer" else "plain"
    return TimelineLine(
        at=event.at, who=who, what=what, words=words if isinstance(words, str) else "", mark=event.seq, tone=tone
    )


def _facts(lang: Lang, group: list[Event]) -> dict[str, object]:
    """Every fact that a sentence under claims.event may name."""
    body = group[-1].body
    slots = dict.fromkeys(slot_name(lang, str(event.body.get("slot", ""))) for event in group)
    return {
        "amount": _amount(body),
        "reason": _coded(lang, "claims.reject_reason", body.get("reason")),
        "clock": _coded(lang, "claims.clock", body.get("clock")),
        "slot": say(lang, "web.list_comma").join(slots),
        "by": group[-1].actor_name,
        "round": body.get("round", ""),
        "refund_no": body.get("refund_no", ""),
    }


def slot_name(lang: Lang, code: str) -> str:
    """A slot's name; a code of an older version shows itself."""
    return CATALOGUE[SlotCode(code)].name(lang) if code in CATALOGUE else code


def _amount(body: dict[str, object]) -> str:
    minor, currency = body.get("amount_minor"), body.get("currency", "CNY")
    return str(Money(minor, str(currency))) if isinstance(minor, int) else ""


def _coded(lang: Lang, group: str, code: object) -> str:
    key = f"{group}.{code}"
    return say(lang, key) if has_words(key) else str(code or "")
