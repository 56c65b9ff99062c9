"""What every page may carry whatever its app: the phone's clock, the page's title, the one-time code of the check."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huiliu.evidence.inspection.model import FieldName, FieldRead
from huiliu.evidence.reading.forms import clock, plain
from huiliu.evidence.reading.labels import Hit, label_word
from huiliu.evidence.reading.layout import Layout
from huiliu.evidence.reading.level import Placed

STATUS_BAR_ROWS = 0.9
"""Heights of the topmost line within which the status bar lies."""
CLOCK_WITH_SIGNS = re.compile(
    r"^[^\w]*((?:上午|下午)? ?\d{1,2}:\d{2}(?: ?(?:上午|下午|[AaPp]\.?[Mm](?![A-Za-z])\.?))?)(?:[^\w:].*)?$"
)
CODE_LABEL = re.compile(r"^(?:平台)?核验码[: ]*([A-Z0-9][A-Z0-9 -]{2,14}[A-Z0-9])$")
TITLE_PART = 0.25
"""A title lies in this upper part of the page's text."""


def clock_field(placed: Sequence[Placed]) -> FieldRead | None:
    """The time in the phone's status bar: in the topmost row of the picture, and only one there."""
    if not placed:
        return None
    first = placed[0]
    bar = [item for item in placed if item.middle - first.middle <= STATUS_BAR_ROWS * first.height]
    found: list[tuple[Placed, str]] = []
    for item in bar:
        match = CLOCK_WITH_SIGNS.match(plain(item.text))
        value = clock(match[1]) if match else None
        if value is not None:
            found.append((item, value))
    if len(found) != 1:
        return None
    return _read(FieldName.CLOCK, found[0][0], found[0][1])


def title_field(placed: Sequence[Placed], layout: Layout, *, hits: Sequence[Hit]) -> FieldRead | None:
    """The page's own title, above its first label."""
    titles = {label_word(title) for title in layout.titles}
    first = min((hit.placed.middle for hit in hits if hit.field is not None), default=float("inf"))
    for item in placed:
        if item.middle > first and item.middle > _upper_limit(placed):
            return None
        if label_word(item.text) in titles:
            return _read(FieldName.TITLE, item, plain(item.text))
    return None


def code_field(placed: Sequence[Placed]) -> FieldRead | None:
    """The one-time code behind the words 核验码, when exactly one is on the page."""
    found = {match[1].replace(" ", ""): item for item in placed if (match := CODE_LABEL.match(plain(item.text)))}
    if len(found) != 1:
        return None
    value, item = next(iter(found.items()))
    return _read(FieldName.CODE, item, value)


def _upper_limit(placed: Sequence[Placed]) -> float:
    return placed[0].middle + TITLE_PART * (placed[-1].middle - placed[0].middle)


def _read(name: FieldName, item: Placed, value: str) -> FieldRead:
    return FieldRead(name=name, value=value, text=item.text, box=item.line.box, score=item.line.score)
