"""The time gap as one small picture: what happened when, from the payment to the upload. Pure text in, SVG out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from huiliu.evidence.checks.gap import Gap, GapKind
from huiliu.evidence.checks.times import Precision
from huiliu.evidence.checks.words import gap_words, time_words
from huiliu.evidence.drawing import BAD, CALM, GOOD, INK, MARK, PAPER, SOFT, Pen
from huiliu.kit.text import Lang, say

WIDTH = 360
EDGE, LINE_X, TEXT_X = 16, 28, 50
TEXT_WIDTH = WIDTH - TEXT_X - EDGE
LABEL_SIZE, TIME_SIZE = 14, 13
STEP_MIN, STEP_MAX = 46, 92
"""Pixels between two events: a longer wait looks longer, within what fits a phone."""
TOP, BOTTOM = 88, 30


class EventKind(StrEnum):
    """What can stand on the line."""

    PAID = "paid"
    PROMISED = "promised"
    SHOWN = "shown"
    DELIVERED = "delivered"
    UPLOADED = "uploaded"


COLOURS = {
    EventKind.PAID: GOOD,
    EventKind.PROMISED: CALM,
    EventKind.SHOWN: BAD,
    EventKind.DELIVERED: GOOD,
    EventKind.UPLOADED: SOFT,
}


class Event(msgspec.Struct, frozen=True):
    """One moment on the line."""

    kind: EventKind
    at: datetime
    precision: Precision = Precision.MINUTE


def timeline_svg(
    gap: Gap,
    lang: Lang,
    *,
    promised_at: datetime | None = None,
    delivered_at: datetime | None = None,
    ident: str = "timeline",
) -> str:
    """The picture, in the reader's language. `promised_at`: by when delivery was promised, if it was."""
    events = sorted(_events(gap, promised_at, delivered_at), key=lambda event: event.at)
    pen = Pen()
    pen.text(EDGE, 30, say(lang, "evidence_checks.timeline.title"), size=16, width=WIDTH - 2 * EDGE, bold=True)
    pen.text(EDGE, 52, gap_words(lang, gap), size=13, width=WIDTH - 2 * EDGE, fill=MARK, bold=True)
    heights = _heights(events)
    pen.line(LINE_X, heights[0], LINE_X, heights[-1], stroke=SOFT, width=2)
    between = [y for y, event in zip(heights, events, strict=True) if event.kind in (EventKind.PAID, EventKind.SHOWN)]
    if len(between) > 1:
        pen.line(LINE_X, between[0], LINE_X, between[-1], stroke=MARK, width=5)
    for y, event in zip(heights, events, strict=True):
        pen.circle(LINE_X, y, 9, fill=PAPER)
        pen.circle(LINE_X, y, 6.5, fill=COLOURS[event.kind])
        pen.text(TEXT_X, y - 2, _label(lang, event, gap), size=LABEL_SIZE, width=TEXT_WIDTH, fill=INK, bold=True)
        pen.text(TEXT_X, y + 15, _when(lang, event), size=TIME_SIZE, width=TEXT_WIDTH, fill=SOFT)
    spoken = "; ".join(f"{_label(lang, event, gap)}: {_when(lang, event)}" for event in events)
    return pen.svg(
        ident,
        title=f"{say(lang, 'evidence_checks.timeline.title')}: {gap_words(lang, gap)}",
        description=spoken,
        width=WIDTH,
        height=heights[-1] + BOTTOM,
    )


def _events(gap: Gap, promised_at: datetime | None, delivered_at: datetime | None) -> Iterator[Event]:
    yield Event(EventKind.PAID, gap.paid.start, gap.paid.precision)
    if promised_at is not None:
        yield Event(EventKind.PROMISED, promised_at)
    if delivered_at is not None:
        yield Event(EventKind.DELIVERED, delivered_at)
    if gap.kind is not GapKind.AT_MOST:
        yield Event(EventKind.SHOWN, gap.shown_last)
    yield Event(EventKind.UPLOADED, gap.uploaded_at)


def _label(lang: Lang, event: Event, gap: Gap) -> str:
    if event.kind is EventKind.SHOWN and gap.kind is GapKind.BETWEEN:
        return say(lang, "evidence_checks.timeline.shown_latest")
    return say(lang, f"evidence_checks.timeline.{event.kind.value}")


def _when(lang: Lang, event: Event) -> str:
    return time_words(lang, event.at, event.precision)


def _heights(events: Sequence[Event]) -> list[float]:
    """Where each event stands; the longest wait takes the longest step."""
    waits = [later.at - earlier.at for earlier, later in pairwise(events)]
    longest = max((*waits, timedelta(seconds=1)))
    heights = [float(TOP)]
    for wait in waits:
        heights.append(heights[-1] + STEP_MIN + (STEP_MAX - STEP_MIN) * (wait / longest))
    return heights
