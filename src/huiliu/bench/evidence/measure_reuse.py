"""Is a picture that was handed in before found again, are different receipts kept apart, and how long does that take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from huiliu.bench.evidence.figures import Figure, Found, at_least, markdown, share
from huiliu.bench.evidence.measure_text import honest
from huiliu.bench.evidence.reuse import RECEIPTS, collisions, look_up, recall
from huiliu.bench.evidence.trial import Seen
from huiliu.bench.evidence.truth import Kept, PageKind
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.model import Box, FieldRead
from huiliu.evidence.reuse.near import distance, near_hash

COPIES = (Kept.JPG, Kept.WECHAT, Kept.HALF, Kept.CROP, Kept.PHOTO)
KEYED = (PageKind.ALIPAY_BILL, PageKind.WECHAT_BILL, PageKind.PLATFORM_ORDER)
RECALL_MIN, LOOK_UP_MAX_MS = 0.99, 15.0
PDQ_BITS = 31
"""The distance within which PDQ's authors call two pictures the same."""
HASHED_MAX = 60
"""Receipts whose copies are hashed for the comparator."""


def reuse(folder: Path, seen: Sequence[Seen], *, hashes: int) -> Found:
    """Recall of copies by what is read on them, beside perceptual hashes; collisions; look-up."""
    pages = [each for each in honest(seen) if each.truth.kind in KEYED]
    originals = {_name(each): _fields(each) for each in pages if each.truth.container is Kept.PNG}
    rivals = _hashes_apart(folder, pages)
    rows: list[tuple[str, ...]] = []
    found = asked = wrong = 0
    for kept in COPIES:
        copies = [each for each in pages if each.truth.container is kept and _name(each) in originals]
        result = recall(originals, [(_name(each), _fields(each)) for each in copies])
        found, asked, wrong = found + result.found, asked + result.copies, wrong + result.wrong
        rows.append((kept.value, str(result.copies), share(result.found, result.copies), rivals.get(kept, "-")))
    shared = collisions()
    timed = look_up(hashes)
    figures = (
        Figure(
            section="re-use", what="copies found: recompressed, messenger's, half size, cropped, photographed",
            goal="at least 99 %", measured=share(found, asked), is_met=at_least(found, asked, RECALL_MIN), of=str(asked),
        ),
        Figure(section="re-use", what="copies taken for another receipt's", goal="0", measured=str(wrong), is_met=not wrong, of=str(asked)),
        Figure(
            section="re-use", what="different receipts that share a key", goal="0", measured=str(shared), is_met=not shared,
            rival=f"perceptual hash within {PDQ_BITS} bits: {rivals.get(None, '-')} of pairs of one template", of=f"{RECEIPTS:,}",
        ),
        Figure(
            section="re-use", what=f"look-up among {timed.hashes:,} hashes, p50", goal="at most 15 ms",
            measured=f"{timed.p50_ms:.1f} ms", is_met=timed.p50_ms <= LOOK_UP_MAX_MS,
            of=f"best {timed.best_ms:.1f}, p95 {timed.p95_ms:.1f} ms",
        ),
    )  # fmt: skip
    table = markdown(("copy", "of", "found by what is read", f"by a perceptual hash within {PDQ_BITS} bits"), rows)
    return Found(figures=figures, tables=(table,))


def _name(seen: Seen) -> str:
    return f"{seen.truth.base}-{seen.truth.kind}"


def _fields(seen: Seen) -> tuple[FieldRead, ...]:
    nowhere = Box(0, 0, 1, 1)
    return tuple(
        FieldRead(name=name, value=value, text=value, box=nowhere, score=1.0) for name, value in seen.fields.items()
    )


def _hashes_apart(folder: Path, pages: Iterable[Seen]) -> dict[Kept | None, str]:
    """What near hashes would find in each container; under None, how many different receipts they would confuse."""
    hashed: dict[tuple[str, Kept], bytes] = {}
    template: dict[str, tuple[str, bool, PageKind]] = {}
    with Opener() as opener:
        for each in pages:
            if each.truth.container is Kept.PNG or (each.truth.container in COPIES and each.truth.base < HASHED_MAX):
                picture = opener.open((folder / each.truth.file).read_bytes())
                hashed[_name(each), each.truth.container] = near_hash(picture.luma).bits
                template[_name(each)] = (each.truth.device, each.truth.dark, each.truth.kind)
    result: dict[Kept | None, str] = {}
    for kept in COPIES:
        pairs = [(hashed.get((name, Kept.PNG)), hashed.get((name, kept))) for name in template]
        apart = [distance(one, other) for one, other in pairs if one is not None and other is not None]
        result[kept] = share(sum(bits <= PDQ_BITS for bits in apart), len(apart))
    alike = [
        distance(hashed[one, Kept.PNG], hashed[other, Kept.PNG])
        for one, other in combinations(template, 2)
        if template[one] == template[other] and (one, Kept.PNG) in hashed and (other, Kept.PNG) in hashed
    ]
    result[None] = f"{sum(bits <= PDQ_BITS for bits in alike)} of {len(alike)}"
    return result
