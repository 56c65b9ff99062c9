"""Fields, records and pictures for tests of the checks, made from little."""

from __future__ import annotations

from datetime import datetime

from huiliu.evidence.inspection.model import Box, Check, CheckVerdict, FieldName, FieldRead, Quality
from huiliu.kit.ids import SHANGHAI

BOX = Box(10, 20, 200, 30)
CLEAR = Quality(width=1080, height=2340, sharpness=1.0, flat_share=0.9, is_screenshot=True)
BLURRED = Quality(width=1080, height=2340, sharpness=0.3, flat_share=0.9, is_screenshot=True, problems=("blurred",))


def at(text: str) -> datetime:
    """China time, '2026-11-20 14:03:22'."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def read(name: FieldName, value: str, *, text: str = "", score: float = 0.99) -> FieldRead:
    """A field as the reader gives it."""
    return FieldRead(name=name, value=value, text=text or value, box=BOX, score=score)


def fields(score: float = 0.99, **values: str) -> tuple[FieldRead, ...]:
    """fields(amount="128.00", order_no="KM1")."""
    return tuple(read(FieldName(name), value, score=score) for name, value in values.items())


def one(checks: tuple[Check, ...], name: str, source: str | None = None) -> Check:
    """The only check of this name (and source)."""
    (found,) = (check for check in checks if check.name == name and source in (None, check.source))
    return found


def contradictions(checks: tuple[Check, ...]) -> list[str]:
    """What contradicts, by name."""
    return [check.name for check in checks if check.verdict is CheckVerdict.CONTRADICTS]
