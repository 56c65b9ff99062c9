"""Promise beside delivery, for a buyer and whoever judges: two texts with what differs marked. Pure but for one read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from huiliu.claims.case import Case
from huiliu.claims.model import Reason
from huiliu.claims.store import ClaimRow
from huiliu.evidence.checks.promise import Pair, promised_against_delivered
from huiliu.evidence.checks.textdiff import Kind, Segment, text_difference
from huiliu.evidence.checks.words import pair_words
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.verification.reads import ReadText, read_texts
from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.kit.text import Lang

REASONS = frozenset({Reason.NOT_AS_DESCRIBED, Reason.BELOW_STANDARD})
"""Reasons that are about what was promised."""
PROMISED = (SlotCode.DETAIL_PAGE,)
DELIVERED = (SlotCode.DIFFERENCE, SlotCode.USAGE_TIME, SlotCode.PROMISE_COMPARE)
SLOTS = tuple(code.value for code in (*PROMISED, *DELIVERED))
SHARED_MIN = 0.3
"""Below this share of common text, marking all that differs would mark everything."""
LINES_MAX = 60
"""Of each side: a phone's screen has fewer."""


class Piece(Struct, frozen=True):
    """A stretch of one side. is_other: the other side has it differently, or not at all."""

    text: str
    is_other: bool
    is_number: bool


class Measured(Struct, frozen=True):
    """One promise that could be measured. tone: differs, kept or open."""

    words: str
    tone: str


class Compared(Struct, frozen=True, kw_only=True):
    """The two sides. `from_records`: the promise is the product's text as it stood when it was ordered."""

    promised: tuple[Piece, ...]
    delivered: tuple[Piece, ...]
    from_records: bool
    delivered_slot: str
    measured: tuple[Measured, ...]
    numbers: int
    is_same: bool
    is_cut: bool
    is_loose: bool
    """The two hardly share a word: only numbers are marked, for everything else would be."""


async def compared(tx: Tx, lang: Lang, claim: ClaimRow, *, case: Case, keyring: Keyring) -> Compared | None:
    """The comparison, for reasons that need one and once something can be set against the promise."""
    if claim.reason not in REASONS:
        return None
    texts = await read_texts(tx, claim.id, slots=SLOTS, keyring=keyring)
    return compare_texts(lang, texts, promise=case.promise)


def compare_texts(lang: Lang, texts: Sequence[ReadText], *, promise: str) -> Compared | None:
    """The newest page of the product, or the text that was ordered by, beside the newest picture of what came."""
    page = _newest(texts, PROMISED)
    came = _newest(texts, DELIVERED)
    promised = tuple(promise.splitlines()) if page is None else page.lines
    if came is None or not any(line.strip() for line in promised):
        return None
    difference = text_difference(_text(promised), _text(came.lines))
    is_loose = _shared(difference.segments) < SHARED_MIN
    return Compared(
        promised=tuple(_pieces(difference.segments, is_left=True, numbers_only=is_loose)),
        delivered=tuple(_pieces(difference.segments, is_left=False, numbers_only=is_loose)),
        from_records=page is None,
        delivered_slot=SlotCode(came.slot).value,
        measured=tuple(_measured(lang, pair) for pair in promised_against_delivered(promised, came.fields)),
        numbers=len(difference.numbers),
        is_same=difference.is_same,
        is_cut=difference.is_cut or max(len(promised), len(came.lines)) > LINES_MAX,
        is_loose=is_loose,
    )


def _newest(texts: Sequence[ReadText], slots: Iterable[SlotCode]) -> ReadText | None:
    """The slot named first wins; within it the last picture with text."""
    for slot in slots:
        found = next((it for it in reversed(texts) if it.slot == slot and it.lines), None)
        if found is not None:
            return found
    return None


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines[:LINES_MAX])


def _shared(segments: Sequence[Segment]) -> float:
    """How much of the shorter text stands in the other."""
    same = sum(len(segment.left.strip()) for segment in segments if segment.kind is Kind.SAME)
    sides = ("".join(segment.left for segment in segments), "".join(segment.right for segment in segments))
    return same / max(1, min(len(side) for side in sides))


def _pieces(segments: Sequence[Segment], *, is_left: bool, numbers_only: bool) -> Iterator[Piece]:
    for segment in segments:
        text = segment.left if is_left else segment.right
        if text:
            is_other = segment.is_number if numbers_only else segment.kind is not Kind.SAME
            yield Piece(text, is_other, segment.is_number)


def _measured(lang: Lang, pair: Pair) -> Measured:
    tone = "open" if pair.differs is None else "differs" if pair.differs else "kept"
    return Measured(pair_words(lang, pair), tone)
