"""What the automatic check has seen in a buyer's files, as the pages tell it: steps, what was read, what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from uuid import UUID

from msgspec import Struct

from huiliu.evidence.checks.complete import Lack, LackKind, lacking
from huiliu.evidence.checks.words import (
    check_words,
    field_words,
    lack_words,
    reason_words,
    value_words,
    verdict_meaning,
    verdict_words,
)
from huiliu.evidence.inspection.model import Check, CheckVerdict, FieldName, FieldRead, Inspection, Verdict
from huiliu.evidence.model import FileRow
from huiliu.evidence.reading.layout import Layouts, load_layouts
from huiliu.evidence.verification.model import FileInspection, Problem, Step
from huiliu.kit.text import Lang, say

SENTENCES_MAX = 6
"""Told of one file; a page with more to say about one picture is read by nobody."""
VALUE_SHOWN_MAX = 60
UNTOLD = frozenset({FieldName.TITLE})
"""Fields that say nothing to whoever took the picture."""
SAID_ELSEWHERE = frozenset({"records_agree", "not_identified"})
SOURCES = ("page", "order", "payment", "rail", "platform", "upload", "claims")
"""Whose record is told first when several say the same."""
WAY = (Step.RECEIVED, Step.READING, Step.CHECKING, Step.DONE)
TONES = {
    Verdict.CONSISTENT: "done",
    Verdict.CONTRADICTED: "turn",
    Verdict.UNVERIFIABLE: "calm",
    Verdict.RETAKE: "turn",
}


class LookStep(Struct, frozen=True):
    """One of the four small steps. state: done, now or ahead."""

    name: str
    state: str


class LookRow(Struct, frozen=True):
    """One thing that was read. mark: agrees, differs or ''."""

    label: str
    value: str
    mark: str


class Look(Struct, frozen=True, kw_only=True):
    """One file as the check sees it now."""

    file_id: UUID
    number: int
    """Which of the slot's files, from 1; 0 when it is the only one."""
    is_under_way: bool
    tone: str
    title: str
    hint: str
    steps: tuple[LookStep, ...]
    rows: tuple[LookRow, ...] = ()
    says: tuple[str, ...] = ()
    """What does not agree, what is missing and what to do, in sentences."""
    wants_retake: bool = False


class SlotState(Struct, frozen=True, kw_only=True):
    """One slot's files as the check sees them: the fragment that a page renews while something is under way."""

    slot: str
    looks: tuple[Look, ...]
    refused: tuple[Look, ...]
    """Private documents that were not kept."""
    lacks: tuple[str, ...]
    """What the slot's pictures together do not show yet."""
    shows_code: bool
    """A one-time code was asked for and is in a picture."""

    @property
    def is_under_way(self) -> bool:
        """Whether to look again in a moment."""
        return any(look.is_under_way for look in self.looks)


def slot_state(lang: Lang, slot: str, files: Sequence[FileRow], found: Mapping[UUID, FileInspection]) -> SlotState:
    """What is known of a slot's live files, and of those that were refused since the last one came."""
    here = [found[file.id] for file in files if file.id in found]
    lacks = [] if any(it.is_under_way for it in here) else list(_lacks(slot, here))
    told = frozenset(name for lack in lacks for name in lack.any_of)
    numbers = {file.id: number for number, file in enumerate(files, 1)} if len(files) > 1 else {}
    return SlotState(
        slot=slot,
        looks=tuple(_look(lang, it, number=numbers.get(it.file_id, 0), told=told) for it in here),
        refused=tuple(_refused(lang, it) for it in _refusals(slot, files, found.values())),
        lacks=tuple(lack_words(lang, lack) for lack in lacks),
        shows_code=any(_mark(FieldName.CODE, it.inspection.checks) == "agrees" for it in here if it.inspection),
    )


@cache
def _layouts() -> Layouts:
    return load_layouts()


def _lacks(slot: str, here: Sequence[FileInspection]) -> Iterator[Lack]:
    """A picture to be taken again is told with that picture, and an empty slot by its tag."""
    seen = [it.inspection for it in here if it.inspection is not None]
    if seen:
        found = lacking((slot,), {slot: seen}, layouts=_layouts())
        yield from (lack for lack in found if lack.kind in (LackKind.FIELD, LackKind.OTHER_PAGE))


def _refusals(slot: str, files: Sequence[FileRow], found: Iterable[FileInspection]) -> Iterator[FileInspection]:
    """Once another file has come, the advice has been taken."""
    newest = max((file.added_at for file in files), default=None)
    for it in found:
        if it.slot == slot and it.state is Step.REFUSED and (newest is None or it.received_at >= newest):
            yield it


def _refused(lang: Lang, it: FileInspection) -> Look:
    return _told(lang, it, it.problem or Problem.PRIVATE_DOCUMENT, tone="turn")


def _told(lang: Lang, it: FileInspection, problem: Problem, *, tone: str, number: int = 0) -> Look:
    return Look(
        file_id=it.file_id,
        number=number,
        is_under_way=False,
        tone=tone,
        title=say(lang, f"evidence_verification.problem.{problem.value}"),
        hint=say(lang, f"evidence_verification.problem_next.{problem.value}"),
        steps=(),
    )


def _look(lang: Lang, it: FileInspection, *, number: int, told: frozenset[FieldName]) -> Look:
    if it.is_under_way:
        return Look(
            file_id=it.file_id,
            number=number,
            is_under_way=True,
            tone="calm",
            title=say(lang, f"evidence_verification.step.{it.state.value}"),
            hint=say(lang, f"evidence_verification.step_hint.{it.state.value}"),
            steps=_steps(lang, it.state),
        )
    if it.verdict is None:
        return _told(lang, it, it.problem or Problem.BROKEN, tone="calm", number=number)
    seen = it.inspection
    return Look(
        file_id=it.file_id,
        number=number,
        is_under_way=False,
        tone=TONES[it.verdict],
        title=verdict_words(lang, it.verdict),
        hint=_hint(lang, it.verdict),
        steps=(),
        rows=() if seen is None else tuple(_rows(lang, seen)),
        says=tuple(dict.fromkeys(_says(lang, it, told)))[:SENTENCES_MAX],
        wants_retake=it.verdict is Verdict.RETAKE,
    )


def _hint(lang: Lang, verdict: Verdict) -> str:
    if verdict is Verdict.CONSISTENT:
        return ""
    meaning = verdict_meaning(lang, verdict)
    if verdict is not Verdict.CONTRADICTED:
        return meaning
    return say(lang, "web_evidence.wrong_picture", meaning=meaning)


def _steps(lang: Lang, now: Step) -> tuple[LookStep, ...]:
    at = WAY.index(now)
    return tuple(
        LookStep(
            say(lang, f"evidence_verification.step.{step.value}"),
            "done" if number < at else "now" if number == at else "ahead",
        )
        for number, step in enumerate(WAY)
    )


def _rows(lang: Lang, seen: Inspection) -> Iterator[LookRow]:
    for field in seen.fields:
        if field.name not in UNTOLD:
            yield LookRow(field_words(lang, field.name.value), _shown(lang, field), _mark(field.name, seen.checks))


def _shown(lang: Lang, field: FieldRead) -> str:
    """As the buyer's own picture prints it."""
    if field.text:
        return field.text[:VALUE_SHOWN_MAX]
    return value_words(lang, field.name, field.value)[:VALUE_SHOWN_MAX]


def _mark(name: FieldName, checks: Iterable[Check]) -> str:
    verdicts = {check.verdict for check in checks if check.field is name}
    if CheckVerdict.CONTRADICTS in verdicts:
        return "differs"
    return "agrees" if CheckVerdict.AGREES in verdicts else ""


def _differing(checks: Iterable[Check]) -> Iterator[Check]:
    """One sentence a field, beside the record that its owner knows best: three records of one number say it once."""
    differing = [check for check in checks if check.verdict is CheckVerdict.CONTRADICTS]
    told: set[FieldName] = set()
    for check in sorted(differing, key=lambda check: SOURCES.index(check.source) if check.source in SOURCES else 0):
        if check.field is None or check.field not in told:
            yield check
        if check.field is not None:
            told.add(check.field)


def _says(lang: Lang, it: FileInspection, told: frozenset[FieldName]) -> Iterator[str]:
    seen = it.inspection
    if seen is not None:
        yield from (check_words(lang, check) for check in _differing(seen.checks))
        unread = [field_words(lang, name.value) for name in seen.missing if name not in told]
        if unread:
            yield say(lang, "web_evidence.unread", fields=say(lang, "web.list_comma").join(unread))
    for reason in it.reasons:
        is_said = seen is not None and reason.startswith(("contradicts_", "missing_"))
        if not is_said and reason not in SAID_ELSEWHERE:
            yield reason_words(lang, reason)
