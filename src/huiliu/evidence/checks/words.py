"""Checks, verdicts, gaps and lacks in sentences that can be read aloud. The words are in locale/*/evidence_checks.toml."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from huiliu.evidence.checks.complete import Lack, LackKind
from huiliu.evidence.checks.gap import Gap, GapKind
from huiliu.evidence.checks.promise import Pair
from huiliu.evidence.checks.times import Precision, safe_span
from huiliu.evidence.inspection.model import Check, CheckVerdict, FieldName, StatusCode, Verdict
from huiliu.evidence.slots import CATALOGUE
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang, has_words, say

FEATURE = "evidence_checks"
TIME_CHECKS = frozenset(
    {"paid_at", "trade_no_date", "ordered_before_paid", "paid_before_upload", "taken_at", "delivery"}
)
VALUE_SHOWN_MAX = 80
ONE_SIDED = frozenset({"not_read", "no_record"})
"""Notes whose sentence says everything: there is one value only."""
_OPEN, _CLOSE = "\x02", "\x03"
_BEFORE_LATIN = re.compile(rf"(?<=[\u4e00-\u9fff]){_OPEN}(?=[!-~])")
_AFTER_LATIN = re.compile(rf"(?<=[!-~]){_CLOSE}(?=[\u4e00-\u9fff])")


def verdict_words(lang: Lang, verdict: Verdict) -> str:
    """The verdict's name."""
    return say(lang, f"{FEATURE}.verdict.{verdict.value}.name")


def verdict_meaning(lang: Lang, verdict: Verdict) -> str:
    """What the verdict means for the reader, in a sentence."""
    return say(lang, f"{FEATURE}.verdict.{verdict.value}.meaning")


def reason_words(lang: Lang, code: str) -> str:
    """One reason of a verdict, in a sentence."""
    if code.startswith("contradicts_"):
        return say(lang, f"{FEATURE}.reason.contradicts", check=check_name(lang, code.removeprefix("contradicts_")))
    if code.startswith("missing_"):
        return say(lang, f"{FEATURE}.reason.missing", field=field_words(lang, code.removeprefix("missing_")))
    if has_words(f"{FEATURE}.reason.{code}"):
        return say(lang, f"{FEATURE}.reason.{code}")
    problem = f"evidence_look.problem.{code}"
    if not has_words(f"{problem}.title"):
        return code
    return say(lang, f"{FEATURE}.says.problem", what=say(lang, f"{problem}.title"), todo=say(lang, f"{problem}.next"))


def check_name(lang: Lang, name: str) -> str:
    """What a check compares. What was kept outlives the program that wrote it: a check no longer made shows its code."""
    key = f"{FEATURE}.check.{name}.name"
    return say(lang, key) if has_words(key) else name


def check_words(lang: Lang, check: Check) -> str:
    """What a check says, with its two values; with its note when it is unknown or rough."""
    key = f"{FEATURE}.check.{check.name}.{check.verdict.value}"
    if check.note in ONE_SIDED and not has_words(key):
        key = f"{FEATURE}.says.{check.note}"
    elif not has_words(key):
        key = f"{FEATURE}.says.{check.verdict.value}"
    sentence = _spaced(
        say(
            lang,
            key,
            check=check_name(lang, check.name),
            source=source_words(lang, check.source),
            expected=_OPEN + check_value(lang, check, check.expected) + _CLOSE,
            found=_OPEN + check_value(lang, check, check.found) + _CLOSE,
        )
    )
    if not check.note or check.note in ONE_SIDED:
        return sentence
    note = say(lang, f"{FEATURE}.note.{check.note}")
    if check.verdict is CheckVerdict.UNKNOWN:
        return say(lang, f"{FEATURE}.says.unknown_because", sentence=sentence, note=note)
    return say(lang, f"{FEATURE}.says.with_note", sentence=sentence, note=note)


def signal_words(lang: Lang, signal: str) -> str:
    """What a signal about pixels or containers is called."""
    for key in (f"evidence_forgery.signal.{signal}", f"evidence_forgery.signal.{signal}.name"):
        if has_words(key):
            return say(lang, key)
    return signal


def source_words(lang: Lang, source: str) -> str:
    """Whose record."""
    key = f"{FEATURE}.source.{source}"
    return say(lang, key) if has_words(key) else source


def field_words(lang: Lang, name: str) -> str:
    """What a field is called."""
    return say(lang, f"{FEATURE}.field.{name}")


def value_words(lang: Lang, field: FieldName | None, value: str) -> str:
    """A field's value as people write it; only states have words of their own."""
    if field is FieldName.STATUS and value in set(StatusCode):
        return say(lang, f"{FEATURE}.status.{value}")
    return value[:VALUE_SHOWN_MAX]


def page_words(lang: Lang, page: str) -> str:
    """What a kind of page is called; a page of somebody's own layout file has its code for a name."""
    key = f"{FEATURE}.page.{page}"
    return say(lang, key) if has_words(key) else page


def lack_words(lang: Lang, lack: Lack) -> str:
    """What is still wanted, and what to do."""
    slot = CATALOGUE[lack.slot].name(lang)
    joint = say(lang, f"{FEATURE}.or")
    match lack.kind:
        case LackKind.FIELD:
            return say(
                lang, f"{FEATURE}.lack.field", slot=slot, fields=joint.join(field_words(lang, it) for it in lack.any_of)
            )
        case LackKind.OTHER_PAGE:
            pages = joint.join(page_words(lang, page) for page in lack.pages)
            return say(lang, f"{FEATURE}.lack.other_page", slot=slot, pages=pages)
        case LackKind.RETAKE:
            reasons = " ".join(reason_words(lang, reason) for reason in lack.reasons)
            return say(lang, f"{FEATURE}.lack.retake", slot=slot, reasons=reasons)
        case LackKind.EMPTY | LackKind.GAP:
            return say(lang, f"{FEATURE}.lack.{lack.kind.value}", slot=slot)


def gap_words(lang: Lang, gap: Gap) -> str:
    """How long nothing had arrived, as exactly as it is known."""
    longest = duration_words(lang, gap.seconds_max)
    if gap.precision is Precision.DAY:
        return say(lang, f"{FEATURE}.gap.about", longest=longest)
    if gap.kind is GapKind.BETWEEN:
        shortest = duration_words(lang, gap.seconds_min)
        return say(lang, f"{FEATURE}.gap.between", shortest=shortest, longest=longest)
    return say(lang, f"{FEATURE}.gap.{gap.kind.value}", longest=longest)


def gap_sources_words(lang: Lang, gap: Gap) -> str:
    """Who bears the time of payment out, and who says otherwise."""
    joint = say(lang, f"{FEATURE}.and")
    names = joint.join(source_words(lang, source) for source in (gap.paid_by, *gap.agreeing))
    sentence = say(lang, f"{FEATURE}.gap.agreeing", sources=names)
    if not gap.differing:
        return sentence
    others = joint.join(source_words(lang, source) for source in gap.differing)
    return sentence + say(lang, f"{FEATURE}.gap.differing", sources=others)


def pair_words(lang: Lang, pair: Pair) -> str:
    """One promise and what became of it."""
    key = "unknown" if pair.differs is None else "differs" if pair.differs else "kept"
    kind = say(lang, f"{FEATURE}.promise.{pair.kind.value}")
    return say(lang, f"{FEATURE}.promise.{key}", kind=kind, promised=pair.promised, delivered=pair.delivered)


def duration_words(lang: Lang, seconds: int) -> str:
    """A length of time in days, hours and minutes."""
    length = timedelta(seconds=seconds)
    hours, minutes = divmod(length.seconds // 60, 60)
    if length.days:
        return say(lang, "evidence.duration.days", days=length.days, hours=hours)
    if hours:
        return say(lang, "evidence.duration.hours", hours=hours, minutes=minutes)
    return say(lang, "evidence.duration.minutes", minutes=minutes) if minutes else say(lang, "evidence.duration.moment")


def time_words(lang: Lang, at: datetime, precision: Precision) -> str:
    """An instant in China's time, as finely as it is known."""
    local = at.astimezone(SHANGHAI)
    if precision is Precision.DAY:
        return say(lang, "evidence.time.day", year=local.year, month=local.month, day=local.day)
    clock = f"{local:%H:%M}" if precision is Precision.MINUTE else f"{local:%H:%M:%S}"
    return say(lang, f"{FEATURE}.at", year=local.year, month=local.month, day=local.day, clock=clock)


def _spaced(sentence: str) -> str:
    """Chinese sets a space between its characters and Latin letters or digits; the values themselves stay as they are."""
    spaced = _AFTER_LATIN.sub(" ", _BEFORE_LATIN.sub(" ", sentence))
    return spaced.replace(_OPEN, "").replace(_CLOSE, "")


def check_value(lang: Lang, check: Check, value: str) -> str:
    """One of a check's two values as people write it."""
    if not value:
        return say(lang, f"{FEATURE}.nothing")
    if check.name == "clock" and "/" in value:
        return "–".join(_instant(lang, part) for part in value.split("/"))
    if check.name in TIME_CHECKS | {"expires_at", "date_exists", "clock"}:
        return _instant(lang, value)
    return value_words(lang, check.field, value)


def _instant(lang: Lang, value: str) -> str:
    span = safe_span(value)
    return value if span is None else time_words(lang, span.start, span.precision)
