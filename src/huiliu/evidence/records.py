"""What the platform already knows, turned into evidence: plain facts first, words for people second. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from huiliu.evidence.model import WORDS_MAX, NoteKind, NoteRow
from huiliu.evidence.slots import SlotCode
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, has_words, say

Facts: TypeAlias = dict[str, str | int]

PROMISE_SHOWN_MAX = 2000
SHORT_TEXT_MAX = 200
MINUTE, HOUR, DAY = 60, 3600, 86400


class UsageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform's or the supplier's system says of use. state: unused, part_used, used."""

    state: str
    source: str
    observed_at: datetime
    units_total: int | None = None
    units_used: int | None = None
    unit: str = ""
    record_ref: str = ""


class PlatformFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One order line as the platform's records have it. Accounts are masked; precision: second, minute, day, not_after."""

    order_no: str
    product: str
    promise: str
    rail: str
    rail_trade_no: str
    paid: Money
    ordered_at: datetime
    ordered_precision: str = "second"
    paid_at: datetime | None = None
    paid_precision: str = "second"
    delivery_state: str = "unknown"
    delivery_note: str = ""
    delivered_at: datetime | None = None
    delivered_precision: str = "second"
    account_used: str = ""
    account_described: str = ""
    account_differs: bool = False
    usage: UsageRecord | None = None


class Record(msgspec.Struct, frozen=True):
    """One fact for one slot; `words` says it in a language."""

    slot: SlotCode
    facts: Facts


def records(known: PlatformFacts, *, now: datetime) -> tuple[Record, ...]:
    """Every record worth attaching, each in the slot whose burden it lifts from the buyer."""
    return (
        _order(known),
        *_payment(known),
        *_delivery(known),
        *_time_gap(known, now=now),
        *_accounts(known),
        *_usage(known.usage),
    )


def slots_filled(known: PlatformFacts, *, now: datetime) -> frozenset[str]:
    """The slots that the records will fill, for telling a buyer what is still wanted before a claim exists."""
    return frozenset(record.slot.value for record in records(known, now=now))


def words(lang: Lang, facts: Mapping[str, str | int]) -> str:
    """The record's sentence in `lang`; stored in Chinese, and said again from its facts on an English page."""
    shown: dict[str, object] = {**facts}
    for name, value in facts.items():
        text = str(value)
        if name.endswith("_at"):
            shown[name] = _time(lang, text, str(facts.get(f"{name.removesuffix('_at')}_precision", "second")))
        elif name.endswith("_seconds"):
            shown["gap"] = _duration(lang, int(value))
        elif has_words(f"evidence.{name}.{text}"):  # rail, unit, delivery, usage
            shown[name] = say(lang, f"evidence.{name}.{text}")
    return say(lang, f"evidence.record.{facts['what']}", **shown)[:WORDS_MAX]


def note_words(lang: Lang, note: NoteRow) -> str:
    """What a page shows of a note: signed words exactly as signed, records in the reader's language."""
    if note.kind != NoteKind.RECORD or lang is Lang.ZH:
        return note.words
    return words(lang, msgspec.json.decode(note.facts, type=dict[str, str | int]))


def _order(known: PlatformFacts) -> Record:
    facts: Facts = {
        "order_no": known.order_no,
        "product": known.product[:SHORT_TEXT_MAX],
        "ordered_at": _iso(known.ordered_at),
        "ordered_precision": known.ordered_precision,
    }
    if not known.promise:
        return Record(SlotCode.OTHER, {"what": "order", **facts})
    # The promise as it stood when it was bought is what a screenshot of the detail page would show.
    return Record(SlotCode.DETAIL_PAGE, {"what": "snapshot", **facts, "promise": known.promise[:PROMISE_SHOWN_MAX]})


def _payment(known: PlatformFacts) -> Iterator[Record]:
    if known.paid_at is None:
        return
    facts: Facts = {
        "rail": known.rail,
        "amount": str(known.paid),
        "paid_at": _iso(known.paid_at),
        "paid_precision": known.paid_precision,
    }
    if known.rail_trade_no:
        yield Record(SlotCode.PAID_SHOT, {"what": "paid", **facts, "trade_no": known.rail_trade_no})
    else:
        yield Record(SlotCode.PAID_SHOT, {"what": "paid_without_number", **facts})


def _delivery(known: PlatformFacts) -> Iterator[Record]:
    """A delivery that the records call done opens the service; one they call open or failed proves it has not come."""
    if known.delivery_state == "delivered" and known.delivered_at is not None:
        facts: Facts = {"delivered_at": _iso(known.delivered_at), "delivered_precision": known.delivered_precision}
        yield Record(SlotCode.OPENING_RECORD, {"what": "delivered", "order_no": known.order_no, **facts})
    elif known.delivery_state in {"pending", "processing", "failed"}:
        note = known.delivery_note[:SHORT_TEXT_MAX]
        what = "not_delivered_because" if note else "not_delivered"
        facts = {"what": what, "order_no": known.order_no, "delivery": known.delivery_state}
        yield Record(SlotCode.NOT_ARRIVED_SHOT, {**facts, "note": note} if note else facts)


def _time_gap(known: PlatformFacts, *, now: datetime) -> Iterator[Record]:
    """From payment to delivery, or to now. What is only known to the day or as a latest time is not called exact."""
    if known.paid_at is None or known.delivery_state == "unknown":
        return
    ends = known.delivered_at if known.delivery_state == "delivered" else now.replace(second=0, microsecond=0)
    if ends is None or ends < known.paid_at:  # records that contradict each other prove nothing
        return
    ends_precision = known.delivered_precision if known.delivery_state == "delivered" else "minute"
    precisions = {known.paid_precision, ends_precision}
    if precisions == {"not_after"}:
        return
    facts: Facts = {
        "paid_at": _iso(known.paid_at),
        "paid_precision": known.paid_precision,
        "ends_at": _iso(ends),
        "ends_precision": ends_precision,
        "gap_seconds": int((ends - known.paid_at).total_seconds()),
    }
    kind = "arrived" if known.delivery_state == "delivered" else "waiting"
    yield Record(SlotCode.TIME_GAP, {"what": f"gap_{kind}_{_exactness(known.paid_precision, ends_precision)}", **facts})


def _exactness(start: str, end: str) -> str:
    if "day" in (start, end):
        return "about"
    if start == "not_after":  # paid then or earlier: the wait was at least this long
        return "at_least"
    return "at_most" if end == "not_after" else "exact"


def _accounts(known: PlatformFacts) -> Iterator[Record]:
    if known.account_used and known.account_described:
        what = "accounts_differ" if known.account_differs else "accounts_same"
        yield Record(
            SlotCode.ACCOUNT_COMPARE,
            {"what": what, "described": known.account_described, "used": known.account_used},
        )


def _usage(usage: UsageRecord | None) -> Iterator[Record]:
    if usage is None:
        return
    facts: Facts = {"source": usage.source, "observed_at": _iso(usage.observed_at), "usage": usage.state}
    if usage.state == "unused":
        yield Record(SlotCode.USAGE_TIME, {"what": "unused", **facts})
        yield Record(SlotCode.PLATFORM_CHECK, {"what": "checked_unused", **facts})
        return
    if usage.units_total is not None and usage.units_used is not None:
        units: Facts = {"used": usage.units_used, "total": usage.units_total, "unit": usage.unit}
        yield Record(SlotCode.USAGE_TIME, {"what": "used_units", **facts, **units})
    else:
        yield Record(SlotCode.USAGE_TIME, {"what": "used", **facts})
    if usage.record_ref:  # without a record behind it, "used" stays a claim that the platform has not proved
        proof: Facts = {"what": "consumed", **facts, "record_ref": usage.record_ref[:SHORT_TEXT_MAX]}
        yield Record(SlotCode.PLATFORM_PROOF, proof)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _time(lang: Lang, iso: str, precision: str) -> str:
    at = datetime.fromisoformat(iso).astimezone(SHANGHAI)
    if precision == "day":
        return say(lang, "evidence.time.day", year=at.year, month=at.month, day=at.day)
    clock = f"{at:%H:%M}" if precision == "minute" else f"{at:%H:%M:%S}"
    key = "evidence.time.not_after" if precision == "not_after" else "evidence.time.exact"
    return say(lang, key, year=at.year, month=at.month, day=at.day, clock=clock)


def _duration(lang: Lang, seconds: int) -> str:
    whole = timedelta(seconds=seconds)
    hours, minutes = whole.seconds // HOUR, whole.seconds % HOUR // MINUTE
    if whole.days:
        return say(lang, "evidence.duration.days", days=whole.days, hours=hours)
    if hours:
        return say(lang, "evidence.duration.hours", hours=hours, minutes=minutes)
    if minutes:
        return say(lang, "evidence.duration.minutes", minutes=minutes)
    return say(lang, "evidence.duration.moment")
