"""How long nothing had arrived: from the payment to the minute on the not-arrived screenshot. Pure.

Four witnesses: the rail's own time, the time printed on the bill, the clock on the second picture, the upload. The rail
is believed over the picture; a clock has no day, so when the upload came late there is a shortest and a longest gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum

import msgspec

from huiliu.evidence.checks.times import DAY, TOLERANCE, Precision, Span, clock_instants, clock_readings, safe_span
from huiliu.evidence.inspection.model import FieldRead

MINUTE = timedelta(minutes=1)
WITNESSES = ("rail", "payment", "order", "platform", "page")
"""Who may know when it was paid, the most believed first; `page` is the bill's picture."""


class GapKind(StrEnum):
    """How much is known about the gap."""

    EXACT = "exact"
    """To the minute: one moment fits the clock."""
    BETWEEN = "between"
    """Several moments fit the clock."""
    AT_MOST = "at_most"
    """No clock was read: the picture is not later than its upload."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """The gap, and who bears it out."""

    kind: GapKind
    paid: Span
    paid_by: str
    """The witness whose time counts."""
    agreeing: tuple[str, ...]
    """Further witnesses of the same time."""
    differing: tuple[str, ...]
    """Witnesses of another time, more than three minutes off."""
    shown_first: datetime
    shown_last: datetime
    """The earliest and the latest moment at which the second picture can have been made."""
    uploaded_at: datetime
    precision: Precision

    @property
    def seconds_min(self) -> int:
        """The shortest gap that fits."""
        return max(0, int((self.shown_first - self.paid.end).total_seconds()))

    @property
    def seconds_max(self) -> int:
        """The longest gap that fits."""
        return max(0, int((self.shown_last - self.paid.start).total_seconds()))


def time_gap(
    printed: FieldRead | None,
    clock: FieldRead | None,
    *,
    recorded: Mapping[str, datetime],
    uploaded_at: datetime,
) -> Gap | None:
    """The gap between payment and not-arrived screenshot, None when nobody knows when it was paid.

    `printed` is the bill's payment time, `clock` the status bar of the second picture, `recorded` the payment time by
    source, `uploaded_at` when the second picture came.
    """
    witnesses = {source: Span(at, at, Precision.SECOND) for source, at in recorded.items() if source in WITNESSES}
    on_bill = None if printed is None else safe_span(printed.value)
    if on_bill is not None:
        witnesses["page"] = on_bill
    paid_by = next((source for source in WITNESSES if source in witnesses), None)
    if paid_by is None or witnesses[paid_by].start > uploaded_at + TOLERANCE:
        return None
    paid = witnesses.pop(paid_by)
    agreeing = {source for source, span in witnesses.items() if _is_near(span, paid)}
    first, last, kind = _shown(clock, paid, uploaded_at)
    return Gap(
        kind=kind,
        paid=paid,
        paid_by=paid_by,
        agreeing=tuple(source for source in WITNESSES if source in agreeing),
        differing=tuple(source for source in WITNESSES if source in witnesses and source not in agreeing),
        shown_first=first,
        shown_last=last,
        uploaded_at=uploaded_at,
        precision=Precision.DAY if paid.precision is Precision.DAY else Precision.MINUTE,
    )


def _is_near(span: Span, other: Span) -> bool:
    return max(span.start - other.end, other.start - span.end) <= TOLERANCE


def _shown(clock: FieldRead | None, paid: Span, uploaded_at: datetime) -> tuple[datetime, datetime, GapKind]:
    """The first and the last minute that fit the clock; without one that fits, anything from payment to upload."""
    readings = () if clock is None else clock_readings(clock.value, clock.text)
    start, end = paid.start - TOLERANCE, uploaded_at + TOLERANCE
    moments = sorted(at for reading in readings for at in _first_and_last(reading, start=start, end=end))
    if moments:
        first, last = (min(max(at, paid.start), max(uploaded_at, paid.start)) for at in (moments[0], moments[-1]))
        return first, last, GapKind.EXACT if last - first < MINUTE else GapKind.BETWEEN
    return paid.start, max(uploaded_at, paid.start), GapKind.AT_MOST


def _first_and_last(clock: time, *, start: datetime, end: datetime) -> list[datetime]:
    early = clock_instants(clock, start=start, end=min(end, start + DAY))
    late = clock_instants(clock, start=max(start, end - DAY), end=end)
    return sorted({span.start for span in (*early, *late)})
