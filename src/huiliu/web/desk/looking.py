"""What the automatic check found out about one file, as staff read it: chips, both values of each check, boxes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from huiliu.evidence.checks.words import check_name, check_value, check_words, field_words, reason_words, source_words
from huiliu.evidence.inspection.model import Check, CheckVerdict, FieldName, Inspection
from huiliu.evidence.reuse.keys import KeyKind
from huiliu.evidence.reuse.verdict import Reuse
from huiliu.evidence.suspicion.model import RECORD_SOURCES
from huiliu.evidence.verification.model import CLAIM_CHECKS, FileInspection, Step, summary
from huiliu.kit.text import Lang, say

Named: TypeAlias = Mapping[UUID, FileInspection]

SENTENCES_MAX = 3
"""Contradictions told beside a picture on the claim's page; the file's own page has them all."""
TONES = {
    "consistent": "done",
    "contradicted": "bad",
    "unverifiable": "calm",
    "retake": "turn",
    "under_way": "calm",
    "failed": "turn",
    "refused": "turn",
}
ICONS = {
    "consistent": "check",
    "contradicted": "differs",
    "unverifiable": "info",
    "retake": "camera",
    "under_way": "clock",
    "failed": "warn",
    "refused": "lock",
}
ORDER = ("contradicted", "retake", "failed", "refused", "unverifiable", "under_way", "consistent")
"""What a reviewer should see first."""


class Chip(Struct, frozen=True, kw_only=True):
    """How a file stands, in a word. Words under desk_evidence.chip."""

    code: str
    tone: str
    icon: str
    count: int = 1


class FileSeen(Struct, frozen=True, kw_only=True):
    """One file beside its picture on the claim's page."""

    chip: Chip
    says: tuple[str, ...]
    """What a record contradicts, with both values."""
    more: int
    """How many more sentences the file's own page has."""


class CheckRow(Struct, frozen=True, kw_only=True):
    """One named comparison, both values beside each other. tone: agrees, contradicts, unknown."""

    name: str
    source: str
    expected: str
    found: str
    tone: str
    words: str
    note: str
    claim_no: str
    """The other claim that the check is about."""
    is_record: bool
    """A record says so, and not the page about itself."""


class FieldShown(Struct, frozen=True, kw_only=True):
    """One field that was read, with the reader's confidence in per cent."""

    name: str
    value: str
    percent: int
    tone: str


class ReuseShown(Struct, frozen=True, kw_only=True):
    """Another claim that shows the same thing: for staff."""

    claim_no: str
    kind: str
    side: str
    same_buyer: bool
    at: datetime


def chip_of(seen: FileInspection | None) -> Chip | None:
    """The chip of one file; None for what is not inspected at all."""
    if seen is None:
        return None
    if seen.is_under_way:
        return _chip("under_way")
    return _chip(seen.state.value if seen.verdict is None else seen.verdict.value)


def summary_chips(found: Named) -> tuple[Chip, ...]:
    """A claim's files in a line: what needs eyes first, nothing that is not there."""
    counted = summary(found.values())
    counts: dict[str, int] = {code: getattr(counted, code) for code in ORDER}
    return tuple(_chip(code, count) for code, count in counts.items() if count)


def refused_of(found: Named) -> dict[str, int]:
    """How many private documents were not kept, by slot."""
    counts: dict[str, int] = {}
    for each in found.values():
        if each.state is Step.REFUSED:
            counts[each.slot] = counts.get(each.slot, 0) + 1
    return counts


def file_seen(lang: Lang, seen: FileInspection | None) -> FileSeen | None:
    """What stands beside a picture on the claim's page."""
    chip = chip_of(seen)
    if seen is None or chip is None:
        return None
    says: list[str] = []
    if seen.inspection is not None:
        says = [check_words(lang, check) for check in contradicting(seen.inspection.checks)]
    elif seen.verdict is not None:
        says = [reason_words(lang, reason) for reason in seen.reasons]
    said = tuple(dict.fromkeys(says))
    return FileSeen(chip=chip, says=said[:SENTENCES_MAX], more=max(0, len(said) - SENTENCES_MAX))


def contradicting(checks: Iterable[Check]) -> list[Check]:
    """What does not agree; records before the page itself."""
    found = [check for check in checks if check.verdict is CheckVerdict.CONTRADICTS]
    return sorted(found, key=lambda check: check.source not in RECORD_SOURCES)


def check_rows(lang: Lang, checks: Iterable[Check]) -> tuple[CheckRow, ...]:
    """Every check: what contradicts first, then what is unknown, then what agrees."""
    order = (CheckVerdict.CONTRADICTS, CheckVerdict.UNKNOWN, CheckVerdict.AGREES)
    return tuple(check_row(lang, check) for check in sorted(checks, key=lambda check: order.index(check.verdict)))


def check_row(lang: Lang, check: Check) -> CheckRow:
    """One check as a row of the table."""
    return CheckRow(
        name=check_name(lang, check.name),
        source=source_words(lang, check.source),
        expected=check_value(lang, check, check.expected) if check.expected else "",
        found=check_value(lang, check, check.found) if check.found else "",
        tone=check.verdict.value,
        words=check_words(lang, check),
        note=say(lang, f"evidence_checks.note.{check.note}") if check.note else "",
        claim_no=check.expected if check.name in CLAIM_CHECKS else "",
        is_record=check.source in RECORD_SOURCES,
    )


def field_rows(lang: Lang, seen: Inspection) -> tuple[FieldShown, ...]:
    """Everything that was read, with what the checks say of it."""
    return tuple(
        FieldShown(
            name=field_words(lang, field.name.value),
            value=field.text or field.value,
            percent=round(field.score * 100),
            tone=field_tone(field.name, seen.checks),
        )
        for field in seen.fields
    )


def field_tone(name: FieldName, checks: Iterable[Check]) -> str:
    """contradicts, agrees or unknown: the worst that any check of the field says."""
    verdicts = {check.verdict for check in checks if check.field is name}
    if CheckVerdict.CONTRADICTS in verdicts:
        return CheckVerdict.CONTRADICTS.value
    return CheckVerdict.AGREES.value if CheckVerdict.AGREES in verdicts else CheckVerdict.UNKNOWN.value


def reuse_rows(lang: Lang, reuses: Iterable[Reuse]) -> tuple[ReuseShown, ...]:
    """Where else the same thing was shown."""
    return tuple(
        ReuseShown(
            claim_no=it.claim_no,
            kind=say(lang, f"evidence_reuse.kind.{KeyKind(it.kind).value}"),
            side=it.side.value,
            same_buyer=it.same_buyer,
            at=it.added_at,
        )
        for it in reuses
    )


def _chip(code: str, count: int = 1) -> Chip:
    return Chip(code=code, tone=TONES[code], icon=ICONS[code], count=count)
