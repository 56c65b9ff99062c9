"""The time between payment and the not-arrived screenshot, from what was read in a claim's files. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from huiliu.evidence.checks.gap import Gap, time_gap
from huiliu.evidence.inspection.model import FieldName, FieldRead, Verdict
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.verification.model import FileInspection

USABLE = frozenset({Verdict.CONSISTENT, Verdict.UNVERIFIABLE})
"""Verdicts of pictures that a gap may rest on; `evidence.reads.have` counts the slot as filled by the same rule."""


def gap_of(found: Iterable[FileInspection], *, recorded: Mapping[str, datetime]) -> Gap | None:
    """The gap of a claim, in the order its files came; None while no usable not-arrived picture is there."""
    usable = [it for it in found if it.inspection is not None and it.verdict in USABLE]
    shown = next((it for it in reversed(usable) if it.slot == SlotCode.NOT_ARRIVED_SHOT), None)
    if shown is None or shown.inspection is None:
        return None
    printed = _field([it for it in usable if it.verdict is Verdict.CONSISTENT], SlotCode.PAID_SHOT, FieldName.PAID_AT)
    clock = shown.inspection.field(FieldName.CLOCK)
    return time_gap(printed, clock, recorded=recorded, uploaded_at=shown.received_at)


def _field(found: list[FileInspection], slot: SlotCode, name: FieldName) -> FieldRead | None:
    """The newest picture of the slot that shows it."""
    read = (it.inspection.field(name) for it in reversed(found) if it.slot == slot and it.inspection is not None)
    return next((field for field in read if field is not None), None)
