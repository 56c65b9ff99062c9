"""What is read and what it is compared with: exact fields, silent wrong values, contradictions found and wrongly found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from huiliu.bench.evidence.figures import Figure, Found, at_least, at_most, markdown, share
from huiliu.bench.evidence.trial import Seen, exact_fields, missing_fields, wrong_fields
from huiliu.bench.evidence.truth import FORGERIES, READABLE, Attack, Kept, PageKind
from huiliu.evidence.inspection.model import FieldName, Verdict

EXACT_MIN = 0.995
FOUND_MIN, FALSE_MAX = 0.995, 0.005
TIME_TOLERANCE_SECONDS = 180
LISTED_MAX = 40
NO_PAGE = (PageKind.ENGLISH, PageKind.BLANK)
RECORDED = (FieldName.AMOUNT, FieldName.TRADE_NO, FieldName.PAID_AT)


def honest(seen: Iterable[Seen]) -> list[Seen]:
    """Pictures that nobody forged, of the pages that there are layouts for."""
    return [each for each in seen if each.truth.attack is Attack.NONE and each.truth.kind not in NO_PAGE]


def reading(seen: Sequence[Seen], *, rival: str = "") -> Found:
    """Exact fields and silent wrong values on readable pictures; every container in a table."""
    pages = honest(seen)
    readable = [each for each in pages if each.truth.container in READABLE]
    fields, exact = _count(readable)
    silent = [line for each in readable for line in wrong_fields(each.truth, each.fields)]
    other = [each for each in pages if each.truth.container not in READABLE]
    silent_other = [line for each in other for line in wrong_fields(each.truth, each.fields)]
    figures = (
        Figure(
            section="reading", what="fields exactly right on readable pictures", goal="at least 99.5 %",
            measured=share(exact, fields), is_met=at_least(exact, fields, EXACT_MIN), rival=rival,
            of=f"{fields} fields, {len(readable)} pictures",
        ),
        Figure(
            section="reading", what="silent wrong values on readable pictures", goal="0 in 500 pictures",
            measured=str(len(silent)), is_met=not silent, of=f"{len(readable)} pictures",
        ),
        Figure(
            section="reading", what="silent wrong values on blurred, tiny, turned, long ones",
            measured=str(len(silent_other)), of=f"{len(other)} pictures",
        ),
    )  # fmt: skip
    rows = [_row(kept, [each for each in pages if each.truth.container is kept]) for kept in Kept]
    heads = ("container", "pictures", "fields", "exact", "missing", "wrong", "page known", "asked again")
    table = markdown(heads, [row for row in rows if row[1] != "0"])
    listed = _listed("wrong", silent + silent_other) + _listed("missing", missing_fields(readable))
    return Found(figures=figures, tables=(table, *listed))


def related(seen: Sequence[Seen]) -> Found:
    """Contradictions: of forged fields that a record knows, and of honest pictures."""
    forged = [each for each in seen if _is_recorded_forgery(each)]
    readable = [each for each in forged if _is_read(each)]
    found = sum(each.is_contradicted for each in readable)
    everyone = honest(seen)
    pages = [each for each in everyone if each.truth.container in READABLE]
    accused = [each for each in pages if each.is_contradicted]
    others = [each for each in everyone if each.truth.container not in READABLE]
    accused_others = [each for each in others if each.is_contradicted]
    by_pixels = [each for each in seen if each.is_contradicted and not each.contradicting]
    caught = sum(each.is_contradicted for each in forged)
    figures = (
        Figure(
            section="related", what="forged amount, trade number or time beyond 3 min contradicted, where it was read",
            goal="at least 99.5 %", measured=share(found, len(readable)), is_met=at_least(found, len(readable), FOUND_MIN),
            of=str(len(readable)),
        ),
        Figure(
            section="related", what="the same of all such forgeries; the rest are asked for again or looked at by a person",
            measured=share(caught, len(forged)), of=str(len(forged)),
        ),
        Figure(
            section="related", what="honest pictures called contradicted", goal="at most 0.5 %",
            measured=share(len(accused), len(pages)), is_met=at_most(len(accused), len(pages), FALSE_MAX), of=str(len(pages)),
        ),
        Figure(
            section="related", what="honest blurred, tiny, turned and long ones called contradicted", goal="at most 0.5 %",
            measured=share(len(accused_others), len(others)), is_met=at_most(len(accused_others), len(others), FALSE_MAX),
            of=str(len(others)),
        ),
        Figure(
            section="related", what="pictures contradicted by pixels alone", goal="0", measured=str(len(by_pixels)),
            is_met=not by_pixels, of=str(len(seen)),
        ),
    )  # fmt: skip
    missed = [
        f"{each.truth.file}: {each.truth.attacked.before} -> {each.truth.attacked.after}, {each.verdict} {each.reasons}"
        for each in forged
        if not each.is_contradicted and each.truth.attacked is not None
    ]
    false = [f"{each.truth.file}: {each.contradicting}" for each in (*accused, *accused_others)]
    broken = tuple(f"contradicted without a contradicting check: {each.truth.file}" for each in by_pixels)
    tables = (_by_attack(seen), _verdicts(seen), *_listed("not contradicted", missed), *_listed("accused", false))
    return Found(figures=figures, tables=tables, broken=broken)


def _is_recorded_forgery(seen: Seen) -> bool:
    attacked = seen.truth.attacked
    if attacked is None or attacked.field not in RECORDED:
        return False
    return attacked.field is not FieldName.PAID_AT or abs(attacked.shift_seconds) > TIME_TOLERANCE_SECONDS


def _is_read(seen: Seen) -> bool:
    return seen.truth.attacked is not None and seen.truth.attacked.field in seen.fields


def _count(seen: Iterable[Seen]) -> tuple[int, int]:
    """Fields printed, fields read exactly."""
    pairs = [(len(each.truth.fields), exact_fields(each.truth, each.fields)) for each in seen]
    return sum(fields for fields, _ in pairs), sum(exact for _, exact in pairs)


def _row(kept: Kept, seen: Sequence[Seen]) -> tuple[str, ...]:
    fields, exact = _count(seen)
    wrong = sum(len(wrong_fields(each.truth, each.fields)) for each in seen)
    known = sum(each.page == each.truth.kind for each in seen)
    again = sum(each.verdict is Verdict.RETAKE for each in seen)
    missing = len(missing_fields(seen))
    return (
        kept.value, str(len(seen)), str(fields), share(exact, fields), str(missing), str(wrong),
        share(known, len(seen)), share(again, len(seen)),
    )  # fmt: skip


def _by_attack(seen: Sequence[Seen]) -> str:
    """Contradicted share of each attack, by the field that was attacked."""
    rows: list[tuple[str, ...]] = []
    for attack in FORGERIES:
        of_it = [each for each in seen if each.truth.attack is attack]
        cells = [
            _contradicted(of_it, lambda each, name=name: _field(each) is name) for name in (*RECORDED, FieldName.STATUS)
        ]
        rows.append((attack.value, *cells))
    return markdown(("contradicted, by text", "amount", "trade number", "time", "status"), rows)


def _contradicted(seen: Sequence[Seen], which: Callable[[Seen], bool]) -> str:
    chosen = [each for each in seen if which(each)]
    return f"{sum(each.is_contradicted for each in chosen)}/{len(chosen)}" if chosen else "-"


def _field(seen: Seen) -> FieldName | None:
    return None if seen.truth.attacked is None else seen.truth.attacked.field


def _verdicts(seen: Sequence[Seen]) -> str:
    groups: dict[str, list[Seen]] = {}
    for each in seen:
        group = (
            f"honest {each.truth.container}" if each.truth.attack is Attack.NONE else f"forged {each.truth.container}"
        )
        if each.truth.kind in NO_PAGE:
            group = each.truth.kind.value
        groups.setdefault(group, []).append(each)
    rows = [
        (name, *(str(sum(each.verdict is verdict for each in group)) for verdict in Verdict), _refused(group))
        for name, group in groups.items()
    ]
    return markdown(("verdicts", *(verdict.value for verdict in Verdict), "refused"), rows)


def _refused(seen: Sequence[Seen]) -> str:
    return str(sum(each.verdict is None for each in seen))


def _listed(name: str, lines: Sequence[str]) -> tuple[str, ...]:
    if not lines:
        return ()
    more = f"\n... and {len(lines) - LISTED_MAX} more" if len(lines) > LISTED_MAX else ""
    return (f"{name}:\n" + "\n".join(f"  {line}" for line in lines[:LISTED_MAX]) + more,)
