"""One verdict from everything found out about a picture, by fixed steps. Pure.

    private            -> retake        nothing of it is kept
    surely contradicts -> contradicted  a check, on a field that was read with confidence
    maybe contradicts  -> retake        the same, read badly
    bad picture        -> retake
    unknown page       -> unverifiable
    something missing  -> retake
    pixels doubtful    -> unverifiable  so that a person looks; what a file says of its own past is only mentioned
    another state      -> unverifiable  the record says paid and the page refunded: either may have been first
    identified         -> consistent    order or trade number, or amount and time, agree
    anything else      -> unverifiable

So without a contradicting check nothing is ever contradicted, whatever the pixels look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from huiliu.evidence.inspection.model import (
    Check,
    CheckVerdict,
    FieldName,
    FieldRead,
    Finding,
    Quality,
    Verdict,
)
from huiliu.evidence.look.problems import HINTS, Problem

CONFIDENT_SCORE = 0.85
"""A contradiction read below this may be a misreading: the picture is asked for again."""
NOT_FATAL = HINTS | {Problem.UPSIDE_DOWN, Problem.SIDEWAYS, Problem.OTHER_LANGUAGE}
"""The reader turns a picture itself, and a person may read what it cannot: what was not read is missing anyway."""
UNKNOWN_PAGE = "unknown"
UNKNOWN_PROFILE = "unknown_profile"
FILE_SIGNALS = frozenset({"editor_traces", "container_history"})
"""Honest people crop with 美图 and send live photos: such a hint takes nothing from records that agree."""
OTHER_STATE = "may_change"
ROUGH = frozenset({"masked", "coarse"})
"""An agreement of this kind does not identify a payment."""

REASONS = (
    "read_unsure",
    "page_unknown",
    "pixels_doubtful",
    "nothing_to_compare",
    "not_identified",
    "records_agree",
    "status_differs",
    "status_unconfirmed",
    "file_hints",
    UNKNOWN_PROFILE,
)
"""Besides these: `contradicts_<check>`, `missing_<field>`, and the codes of quality's problems as they are."""


def decide(
    quality: Quality,
    page: str,
    *,
    fields: Sequence[FieldRead],
    missing: Sequence[FieldName],
    checks: Sequence[Check],
    findings: Sequence[Finding],
    atlas_state: str = "none",
    private: str = "",
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the codes of what led to it. `private` names a picture nobody may keep: id_card, person."""
    if private:
        return Verdict.RETAKE, (private,)
    contradicting = [check for check in checks if check.verdict is CheckVerdict.CONTRADICTS]
    # A check without a field compares facts of the file, which cannot be misread. What a blurred picture seems to say is
    # nobody's word: one 0 for an 8 would accuse.
    is_legible = Problem.BLURRED not in quality.problems
    sure = [check for check in contradicting if check.field is None or (is_legible and _is_read_well(check, fields))]
    if sure:
        return Verdict.CONTRADICTED, _unique(f"contradicts_{check.name}" for check in sure)
    if contradicting:
        return Verdict.RETAKE, ("read_unsure", *quality.problems)
    lacking = tuple(f"missing_{name.value}" for name in missing)
    fatal = tuple(problem for problem in quality.problems if problem not in NOT_FATAL)
    if fatal:
        return Verdict.RETAKE, (*fatal, *lacking)
    if page == UNKNOWN_PAGE:
        return Verdict.UNVERIFIABLE, (*_with_profile("page_unknown", atlas_state), *quality.problems)
    if lacking:
        return Verdict.RETAKE, (*quality.problems, *lacking)
    if any(finding.signal not in FILE_SIGNALS for finding in findings):
        return Verdict.UNVERIFIABLE, ("pixels_doubtful",)
    hints: tuple[str, ...] = ("file_hints",) if findings else ()
    agreeing = [
        check for check in checks if check.verdict is CheckVerdict.AGREES and check.source not in ("page", "upload")
    ]
    if is_identified(agreeing) and _has_other_state(checks):
        return Verdict.UNVERIFIABLE, (*_with_profile("status_differs", atlas_state), *hints)
    if is_identified(agreeing):
        if any(field.name is FieldName.STATUS for field in fields) and FieldName.STATUS not in {
            it.name for it in agreeing
        }:
            hints = ("status_unconfirmed", *hints)
        return Verdict.CONSISTENT, (*_with_profile("records_agree", atlas_state), *hints)
    reason = "not_identified" if agreeing else "nothing_to_compare"
    return Verdict.UNVERIFIABLE, (*_with_profile(reason, atlas_state), *hints)


def is_identified(checks: Iterable[Check]) -> bool:
    """Whether what agrees could only be this one payment: a number that is unique, or amount and time together."""
    exact = {check.name for check in checks if check.verdict is CheckVerdict.AGREES and check.note not in ROUGH}
    return bool(exact & {FieldName.ORDER_NO, FieldName.TRADE_NO}) or {FieldName.AMOUNT, FieldName.PAID_AT} <= exact


def _has_other_state(checks: Sequence[Check]) -> bool:
    """Whether the page's state is not the record's, though one may have become the other: a person decides which."""
    states = [check for check in checks if check.name == FieldName.STATUS]
    return any(check.note == OTHER_STATE for check in states) and not any(
        check.verdict is CheckVerdict.AGREES for check in states
    )


def _is_read_well(check: Check, fields: Sequence[FieldRead]) -> bool:
    scores = [field.score for field in fields if field.name is check.field]
    return min(scores, default=0.0) >= CONFIDENT_SCORE


def _with_profile(reason: str, atlas_state: str) -> Iterator[str]:
    yield reason
    if atlas_state == UNKNOWN_PROFILE:
        yield UNKNOWN_PROFILE


def _unique(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
