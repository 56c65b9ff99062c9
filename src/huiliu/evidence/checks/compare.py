"""Every field of a page against every record: each comparison named, with its two values and what it says. Pure.

A comparison contradicts only what cannot be. What is missing, masked away, coarser than the difference, or in dispute
among the records themselves is unknown, and unknown hurts nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from huiliu.evidence.checks.masks import Likeness, name_likeness, normal, number_likeness
from huiliu.evidence.checks.on_page import on_page
from huiliu.evidence.checks.quantities import same_but_for_numbers
from huiliu.evidence.checks.status import compare_status, recorded_status
from huiliu.evidence.checks.times import (
    DAY,
    TOLERANCE,
    ImpossibleTime,
    Precision,
    day_of,
    in_shanghai,
    read_span,
)
from huiliu.evidence.inspection.model import Check, CheckVerdict, Expected, FieldName, FieldRead, StatusCode
from huiliu.kit.money import parse_minor

BILLS = frozenset({"alipay_bill", "wechat_bill"})
"""Pages of a rail. On all others the platform's own record knows best."""
PREFIXED_LENGTH_MIN = 10
"""A shorter order number inside a longer one may be there by chance."""
AGREES, CONTRADICTS, UNKNOWN = CheckVerdict.AGREES, CheckVerdict.CONTRADICTS, CheckVerdict.UNKNOWN

_MOST_BELIEVED_ON_BILLS = ("rail", "payment", "order", "platform", "claims")
_MOST_BELIEVED_ELSEWHERE = ("platform", "order", "payment", "rail", "claims")
_PLAIN_SOURCE: Mapping[FieldName, str] = MappingProxyType(
    {
        FieldName.ORDER_NO: "order",
        FieldName.TRADE_NO: "payment",
        FieldName.AMOUNT: "order",
        FieldName.PAID_AT: "payment",
        FieldName.PAYEE: "order",
        FieldName.ACCOUNT: "order",
        FieldName.PRODUCT: "order",
        FieldName.EXPIRES_AT: "platform",
        FieldName.CODE: "claims",
    }
)
"""Whose record an expectation is that came without a name."""

COMPARED = (*_PLAIN_SOURCE, FieldName.STATUS)

Judged: TypeAlias = tuple[CheckVerdict, str]


class UsedElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Another claim in which this trade number was used before. A buyer who applies again for the same payment is not
    another: whoever looks this up leaves the claim's own history out."""

    trade_no: str
    claim_no: str
    is_refunded: bool = False


NO_RECORDS: Mapping[str, Expected] = MappingProxyType({})


def compare(
    fields: Sequence[FieldRead],
    expected: Expected,
    *,
    page: str,
    records: Mapping[str, Expected] = NO_RECORDS,
    used_trade_no: UsedElsewhere | None = None,
    taken_at: str = "",
    disputed: frozenset[FieldName] = frozenset(),
) -> tuple[Check, ...]:
    """Every check that the page and the records allow.

    `records` are further expectations by their source (order, payment, rail, platform, claims). `taken_at` is the
    picture's EXIF time. `disputed` fields are what the buyer complains about (another account than ordered): that
    they differ is the claim, not a contradiction of it.
    """
    checks: list[Check] = []
    is_anything_known = any(_value(name, it) is not None for it in (expected, *records.values()) for name in COMPARED)
    for name in COMPARED:
        found = next((field for field in fields if field.name is name), None)
        known = list(_known(name, expected, page, records))
        if known or is_anything_known:
            found_out = _against_records(name, found, known, page)
            if name is FieldName.ORDER_NO and _is_number_untold(page, records):
                found_out = map(_untold, found_out)
            checks += _settled(found_out, page)
    checks = [_undisputed(check) if check.field in disputed else check for check in checks]
    is_known_no = any(
        it.name == FieldName.TRADE_NO and it.verdict is AGREES and not it.note for it in checks
    ) and not any(it.name == FieldName.PAID_AT and it.verdict is CONTRADICTS for it in checks)
    found_out = on_page(fields, expected, page=page, records=records, taken_at=taken_at)
    # An order may be paid days after its number was made, and the form of numbers is an assumption: a record is none.
    checks += (_outweighed(it) if is_known_no and it.name == "trade_no_date" else it for it in found_out)
    if used_trade_no is not None:
        checks += _used(fields, used_trade_no)
    return tuple(checks)


def _known(
    name: FieldName, expected: Expected, page: str, records: Mapping[str, Expected]
) -> Iterator[tuple[str, str]]:
    """(source, value) of everything that is on record for a field, the most believed source first."""
    plain = _plain_source(name, page)
    by_source = {plain: _value(name, expected)} | {source: _value(name, record) for source, record in records.items()}
    if by_source[plain] is None:
        by_source[plain] = _value(name, expected)
    order = _MOST_BELIEVED_ON_BILLS if page in BILLS else _MOST_BELIEVED_ELSEWHERE
    for source in (*order, *(source for source in by_source if source not in order)):
        value = by_source.get(source)
        if value is not None:
            yield source, value


def _plain_source(name: FieldName, page: str) -> str:
    """A state without a name is the rail's on a rail's bill, and the platform's on its own pages."""
    return _PLAIN_SOURCE.get(name) or ("rail" if page in BILLS else "platform")


def _value(name: FieldName, expected: Expected) -> str | None:
    match name:
        case FieldName.PAID_AT:
            return None if expected.paid_at is None else in_shanghai(expected.paid_at)
        case FieldName.ORDER_NO:
            return expected.order_no
        case FieldName.TRADE_NO:
            return expected.trade_no
        case FieldName.AMOUNT:
            return expected.amount
        case FieldName.STATUS:
            return expected.status
        case FieldName.PAYEE:
            return expected.payee
        case FieldName.ACCOUNT:
            return expected.account
        case FieldName.PRODUCT:
            return expected.product
        case FieldName.EXPIRES_AT:
            return expected.expires_at
        case FieldName.CODE:
            return expected.code
        case _:
            return None


def _against_records(
    name: FieldName, found: FieldRead | None, known: list[tuple[str, str]], page: str
) -> Iterator[Check]:
    if found is None:
        if known:
            source, value = known[0]
            yield _check(name, source, value, "", (UNKNOWN, "not_read"))
        return
    if not known:
        yield _check(name, _plain_source(name, page), "", found.value, (UNKNOWN, "no_record"))
    for source, value in known:
        if name is FieldName.STATUS:
            recorded = recorded_status(value, page=page)
            value = recorded.value if recorded is not StatusCode.UNKNOWN else value
            judged = compare_status(recorded_status(found.value, page=page), recorded, source=source)
        else:
            judged = _JUDGES[name](found.value, value)
        yield _check(name, source, value, found.value, judged)


def _check(name: FieldName, source: str, expected: str, found: str, judged: Judged) -> Check:
    return Check(
        name=name.value, source=source, expected=expected, found=found, verdict=judged[0], note=judged[1], field=name
    )


def _settled(checks: Iterable[Check], page: str) -> list[Check]:
    """Where records differ among themselves, the page cannot agree with all of them, and that is not its fault.

    On a rail's bill the most believed record decides; on any other page one record that agrees is enough: a shop's own
    page may print the price or what was paid.
    """
    ordered = list(checks)
    decisive = [check for check in ordered if check.verdict is not UNKNOWN]
    deciding = decisive[:1] if page in BILLS else decisive
    if not any(check.verdict is AGREES for check in deciding):
        return ordered
    return [
        msgspec.structs.replace(check, verdict=UNKNOWN, note="records_differ")
        if check.verdict is CONTRADICTS
        else check
        for check in ordered
    ]


def _outweighed(check: Check) -> Check:
    if check.verdict is not CONTRADICTS:
        return check
    return msgspec.structs.replace(check, verdict=UNKNOWN, note="form_unusual")


def _is_number_untold(page: str, records: Mapping[str, Expected]) -> bool:
    """A bill prints the number that the shop gave the rail, and the records know only the one that its own pages show."""
    return (
        page in BILLS
        and "order" in records
        and not any(record.order_no for source, record in records.items() if source != "order")
    )


def _untold(check: Check) -> Check:
    if check.verdict is not CONTRADICTS:
        return check
    return msgspec.structs.replace(check, verdict=UNKNOWN, note="other_number")


def _undisputed(check: Check) -> Check:
    if check.verdict is not CONTRADICTS:
        return check
    return msgspec.structs.replace(check, verdict=UNKNOWN, note="disputed")


def _used(fields: Sequence[FieldRead], used: UsedElsewhere) -> Iterator[Check]:
    found = next((field for field in fields if field.name is FieldName.TRADE_NO), None)
    if found is None or number_likeness(found.value, used.trade_no) is not Likeness.SAME:
        return
    yield Check(
        name="trade_no_refunded" if used.is_refunded else "trade_no_used",
        source="claims",
        expected=used.claim_no,
        found=found.value,
        verdict=CONTRADICTS,
        field=FieldName.TRADE_NO,
    )


# ------------------------------------------------------------------------------------------------------- one comparison


def _number(found: str, expected: str) -> Judged:
    match number_likeness(found, expected):
        case Likeness.SAME:
            return AGREES, ""
        case Likeness.SAME_AS_FAR_AS_SEEN:
            return AGREES, "masked"
        case Likeness.UNTELLABLE:
            return UNKNOWN, "masked"
        case Likeness.NEAR | Likeness.DIFFERENT:
            return CONTRADICTS, ""


def _order_no(found: str, expected: str) -> Judged:
    """Shops put their own letters before the number, or the item's after it, when they hand it to a rail."""
    if len(normal(expected)) >= PREFIXED_LENGTH_MIN and normal(expected) in normal(found) != normal(expected):
        return AGREES, "prefixed"
    return _number(found, expected)


def _code(found: str, expected: str) -> Judged:
    """One letter off is as likely a misreading as another code; either way the code was not shown."""
    ours, theirs = normal(found), normal(expected)
    off = sum(ours_at != theirs_at for ours_at, theirs_at in zip(ours, theirs, strict=False))
    if len(ours) != len(theirs) or off == 1:
        return UNKNOWN, "near"
    return _number(found, expected)


def _account(found: str, expected: str) -> Judged:
    """A phone number beside a nickname compares nothing: they are two names of one account, or of two."""
    ours, theirs = (re.sub(r"^\+?86(?=[\d*]{11}$)", "", normal(text).lstrip("+")) for text in (found, expected))
    if _is_numeric(ours) != _is_numeric(theirs):
        return UNKNOWN, "other_kind"
    return _number(ours, theirs)


def _is_numeric(text: str) -> bool:
    return re.fullmatch(r"[\d*]+", text) is not None


def _amount(found: str, expected: str) -> Judged:
    try:
        return (AGREES if abs(parse_minor(found)) == abs(parse_minor(expected)) else CONTRADICTS), ""
    except ValueError:
        return UNKNOWN, "unreadable"


def _paid_at(found: str, expected: str) -> Judged:
    try:
        printed, recorded = read_span(found), read_span(expected)
    except ImpossibleTime:
        return UNKNOWN, "unreadable"
    if printed is None or recorded is None:
        return UNKNOWN, "unreadable"
    if printed.distance(recorded.start) > TOLERANCE:
        return CONTRADICTS, ""
    return AGREES, "coarse" if printed.precision is Precision.DAY else ""


def _expires_at(found: str, expected: str) -> Judged:
    """The last moment of a day and the first of the next are one expiry, written by two programs."""
    printed, recorded = day_of(found), day_of(expected)
    if printed is None or recorded is None:
        return UNKNOWN, "unreadable"
    return (AGREES if abs(printed - recorded) <= DAY else CONTRADICTS), ""


def _payee(found: str, expected: str) -> Judged:
    match name_likeness(found, expected):
        case Likeness.SAME:
            return AGREES, ""
        case Likeness.SAME_AS_FAR_AS_SEEN:
            return AGREES, "masked"
        case Likeness.NEAR:
            return UNKNOWN, "near"
        case Likeness.UNTELLABLE:
            return UNKNOWN, "masked"
        case Likeness.DIFFERENT:
            return CONTRADICTS, ""


def _product(found: str, expected: str) -> Judged:
    """Apps shorten and reword product names: only another number in the same name contradicts."""
    if same_but_for_numbers(found, expected):
        return CONTRADICTS, ""
    if name_likeness(found, expected) in (Likeness.SAME, Likeness.SAME_AS_FAR_AS_SEEN):
        return AGREES, ""
    return UNKNOWN, "wording"


_JUDGES: Mapping[FieldName, Callable[[str, str], Judged]] = MappingProxyType(
    {
        FieldName.ORDER_NO: _order_no,
        FieldName.TRADE_NO: _number,
        FieldName.CODE: _code,
        FieldName.ACCOUNT: _account,
        FieldName.AMOUNT: _amount,
        FieldName.PAID_AT: _paid_at,
        FieldName.EXPIRES_AT: _expires_at,
        FieldName.PAYEE: _payee,
        FieldName.PRODUCT: _product,
    }
)
