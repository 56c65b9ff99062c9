"""What a page says beside itself, the calendar and the moment of its upload. Pure.

A status bar shows a clock and no day. It contradicts only when no minute between the payment and the upload could have
shown it, which needs both to be known and less than a day apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from huiliu.evidence.checks.times import (
    CLOCK_SPAN_MAX,
    DAY,
    TOLERANCE,
    ImpossibleTime,
    Span,
    clock_instants,
    clock_readings,
    in_shanghai,
    read_span,
    safe_span,
)
from huiliu.evidence.checks.trade_number import FORMS, has_form, number_day
from huiliu.evidence.inspection.model import Check, CheckVerdict, Expected, FieldName, FieldRead, StatusCode
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import parse_minor

OWN_PAGES = frozenset({"platform_order"})
"""Pages that the platform's own log can speak about."""
AHEAD_OF_SHANGHAI_MAX = timedelta(hours=6)
"""Cameras write local time without an offset; nowhere is it later than UTC+14."""
AGREES, CONTRADICTS, UNKNOWN = CheckVerdict.AGREES, CheckVerdict.CONTRADICTS, CheckVerdict.UNKNOWN

_TIMES = (FieldName.PAID_AT, FieldName.ORDERED_AT, FieldName.EXPIRES_AT)
_NOT_THERE = frozenset({StatusCode.NOT_DELIVERED, StatusCode.FAILED, StatusCode.PENDING})
_BELIEVED_TIMES = ("rail", "payment", "order", "platform")


def on_page(
    fields: Sequence[FieldRead],
    expected: Expected,
    *,
    page: str,
    records: Mapping[str, Expected],
    taken_at: str,
) -> Iterator[Check]:
    """The checks that need no record of the order, and those about time."""
    by_name = {field.name: field for field in reversed(fields)}
    all_known = (expected, *records.values())
    uploaded_at = next((known.uploaded_at for known in all_known if known.uploaded_at is not None), None)
    delivered_at = next((known.delivered_at for known in all_known if known.delivered_at is not None), None)
    paid_at = _recorded_payment(expected, records)
    paid = None if FieldName.PAID_AT not in by_name else safe_span(by_name[FieldName.PAID_AT].value)
    if paid_at is None and paid is not None:
        paid_at = paid.start
    yield from _amounts(fields)
    yield from _calendar(by_name)
    yield from _trade_number(by_name, page, paid_at)
    yield from _order_of_times(by_name, paid)
    if uploaded_at is not None:
        yield from _before_upload(by_name, paid, uploaded_at)
        yield from _taken(taken_at, uploaded_at)
    yield from _clock(by_name, paid_at, uploaded_at)
    if page in OWN_PAGES and delivered_at is not None:
        yield from _delivery(by_name, delivered_at, paid_at, uploaded_at)


def shown_at(clock: FieldRead, *, paid_at: datetime, uploaded_at: datetime) -> tuple[Span, ...]:
    """The minutes at which the screenshot can have been made, by its status bar. Twelve-hour bars may fit twice."""
    return tuple(
        span
        for reading in clock_readings(clock.value, clock.text)
        for span in clock_instants(reading, start=paid_at - TOLERANCE, end=uploaded_at + TOLERANCE)
    )


def _recorded_payment(expected: Expected, records: Mapping[str, Expected]) -> datetime | None:
    ordered = [records[source] for source in _BELIEVED_TIMES if source in records]
    return next((known.paid_at for known in (*ordered, expected) if known.paid_at is not None), None)


def _amounts(fields: Sequence[FieldRead]) -> Iterator[Check]:
    """A bill prints its amount twice, large and in a row; an edit of one forgets the other."""
    read = [field for field in fields if field.name is FieldName.AMOUNT]
    if len(read) <= 1:
        return
    first = read[0]
    for other in read[1:]:
        try:
            verdict = AGREES if abs(parse_minor(first.value)) == abs(parse_minor(other.value)) else CONTRADICTS
        except ValueError:
            verdict = UNKNOWN
        yield _page("amounts_agree", first.value, other.value, verdict, FieldName.AMOUNT)


def _calendar(by_name: Mapping[FieldName, FieldRead]) -> Iterator[Check]:
    for name in _TIMES:
        if name not in by_name:
            continue
        value = by_name[name].value
        try:
            if read_span(value) is not None and name is FieldName.PAID_AT:
                yield _page("date_exists", "", value, AGREES, name)
        except ImpossibleTime:
            yield _page("date_exists", "", value, CONTRADICTS, name)


def _trade_number(by_name: Mapping[FieldName, FieldRead], page: str, paid_at: datetime | None) -> Iterator[Check]:
    found, form = by_name.get(FieldName.TRADE_NO), FORMS.get(page)
    if found is None or form is None:
        return
    if not has_form(found.value, form):
        yield _page("trade_no_form", form.words, found.value, UNKNOWN, FieldName.TRADE_NO, "form_unusual")
    else:
        yield _page("trade_no_form", form.words, found.value, AGREES, FieldName.TRADE_NO)
    carried = number_day(found.value, form)
    printed = by_name.get(FieldName.PAID_AT)
    paid = None if printed is None else safe_span(printed.value)
    at = paid.start if paid is not None else paid_at
    if carried is None or at is None:
        return
    ordered = None if FieldName.ORDERED_AT not in by_name else safe_span(by_name[FieldName.ORDERED_AT].value)
    # The number is made with the order, which may be paid days later.
    earliest = min(at, ordered.start) if ordered is not None else at
    fits = carried.end + DAY >= earliest and carried.start - DAY <= at
    shown = carried.start.date().isoformat()
    yield _page("trade_no_date", in_shanghai(at), shown, AGREES if fits else CONTRADICTS, FieldName.TRADE_NO)


def _order_of_times(by_name: Mapping[FieldName, FieldRead], paid: Span | None) -> Iterator[Check]:
    ordered = None if FieldName.ORDERED_AT not in by_name else safe_span(by_name[FieldName.ORDERED_AT].value)
    if ordered is None or paid is None:
        return
    fits = ordered.start <= paid.end + TOLERANCE
    values = in_shanghai(ordered.start), in_shanghai(paid.start)
    yield _page("ordered_before_paid", *values, AGREES if fits else CONTRADICTS, FieldName.PAID_AT)


def _before_upload(by_name: Mapping[FieldName, FieldRead], paid: Span | None, uploaded_at: datetime) -> Iterator[Check]:
    if paid is None:
        return
    fits = paid.start <= uploaded_at + TOLERANCE
    yield Check(
        name="paid_before_upload",
        source="upload",
        expected=in_shanghai(uploaded_at),
        found=by_name[FieldName.PAID_AT].value,
        verdict=AGREES if fits else CONTRADICTS,
        field=FieldName.PAID_AT,
    )


def _taken(taken_at: str, uploaded_at: datetime) -> Iterator[Check]:
    """EXIF DateTimeOriginal: local time of wherever the camera was, 2026:11:20 14:03:22."""
    if not taken_at:
        return
    try:
        taken = datetime.strptime(taken_at.strip()[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        yield _taken_check(taken_at, uploaded_at, UNKNOWN, "unreadable")
        return
    fits = taken <= uploaded_at + TOLERANCE + AHEAD_OF_SHANGHAI_MAX
    yield _taken_check(in_shanghai(taken), uploaded_at, AGREES if fits else CONTRADICTS, "")


def _taken_check(taken: str, uploaded_at: datetime, verdict: CheckVerdict, note: str) -> Check:
    expected = in_shanghai(uploaded_at)
    return Check(name="taken_at", source="upload", expected=expected, found=taken, verdict=verdict, note=note)


def _clock(
    by_name: Mapping[FieldName, FieldRead], paid_at: datetime | None, uploaded_at: datetime | None
) -> Iterator[Check]:
    clock = by_name.get(FieldName.CLOCK)
    if clock is None or uploaded_at is None:
        return
    window, verdict, note = "", UNKNOWN, "no_payment_time"
    if paid_at is not None:
        window = f"{in_shanghai(paid_at)}/{in_shanghai(uploaded_at)}"
        verdict, note = _clock_verdict(clock, paid_at, uploaded_at)
    yield Check(
        name="clock",
        source="upload",
        expected=window or in_shanghai(uploaded_at),
        found=clock.value,
        verdict=verdict,
        field=FieldName.CLOCK,
        note=note,
    )


def _clock_verdict(clock: FieldRead, paid_at: datetime, uploaded_at: datetime) -> tuple[CheckVerdict, str]:
    readings = clock_readings(clock.value, clock.text)
    if not readings:
        return UNKNOWN, "unreadable"
    if uploaded_at < paid_at:
        return UNKNOWN, "records_differ"
    if uploaded_at - paid_at >= CLOCK_SPAN_MAX:
        return UNKNOWN, "over_a_day"
    start, end = paid_at - TOLERANCE, uploaded_at + TOLERANCE
    fitting = [reading for reading in readings if clock_instants(reading, start=start, end=end)]
    if readings[0] in fitting:
        return AGREES, ""
    return (UNKNOWN, "twelve_hours") if fitting else (CONTRADICTS, "")


def _delivery(
    by_name: Mapping[FieldName, FieldRead],
    delivered_at: datetime,
    paid_at: datetime | None,
    uploaded_at: datetime | None,
) -> Iterator[Check]:
    """The platform's own page says not delivered; whether its own log says the same of the minute it was shown."""
    status, clock = by_name.get(FieldName.STATUS), by_name.get(FieldName.CLOCK)
    if status is None or status.value not in _NOT_THERE:
        return
    verdict, note = UNKNOWN, "no_clock"
    if clock is not None and paid_at is not None and uploaded_at is not None:
        spans: tuple[Span, ...] = ()
        if timedelta(0) <= uploaded_at - paid_at < CLOCK_SPAN_MAX:
            spans = shown_at(clock, paid_at=paid_at, uploaded_at=uploaded_at)
        if spans and all(span.start > delivered_at + TOLERANCE for span in spans):
            note = "may_be_stale"  # nobody forged a page that was only not loaded anew
        elif spans and all(span.end < delivered_at - TOLERANCE for span in spans):
            verdict, note = AGREES, ""
    yield Check(
        name="delivery",
        source="platform",
        expected=in_shanghai(delivered_at),
        found=status.value,
        verdict=verdict,
        field=FieldName.STATUS,
        note=note,
    )


def _page(name: str, expected: str, found: str, verdict: CheckVerdict, field: FieldName, note: str = "") -> Check:
    return Check(name=name, source="page", expected=expected, found=found, verdict=verdict, field=field, note=note)
