"""Which lines are labels of a layout: the exact word first, a misread one only where the OCR itself was unsure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from huiliu.evidence.inspection.model import FieldName
from huiliu.evidence.reading.forms import TIDIED_MAX, plain, squeezed
from huiliu.evidence.reading.layout import Layout, Place
from huiliu.evidence.reading.level import Placed

MISREAD_LENGTH_MIN = 4
MISREAD_WEAKEST_MAX = 0.9
EDGE = re.compile(r"^[^\w¥￥+-]+|[^\w]+$")


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A label found in a line. `after` and `before` are the rest of that line, when it holds more than the label."""

    placed: Placed
    word: str
    field: FieldName | None
    rank: int = 0
    """1 for a weaker label."""
    is_anchor: bool = False
    is_misread: bool = False
    after: str = ""
    before: str = ""

    @property
    def is_alone(self) -> bool:
        """The line holds the label and nothing else."""
        return not self.after and not self.before


class _Meaning(msgspec.Struct, frozen=True, kw_only=True):
    field: FieldName | None = None
    rank: int = 0
    is_anchor: bool = False
    is_before: bool = False


def find_labels(placed: Sequence[Placed], layout: Layout) -> tuple[Hit, ...]:
    """Every label of the layout on the page."""
    meanings = _meanings(layout)
    by_length = sorted(meanings, key=len, reverse=True)
    hits: list[Hit] = []
    for item in placed:
        word = label_word(item.text)
        if word in meanings:
            hits.append(_hit(item, word, meanings[word]))
            continue
        hit = _joined(item, by_length, meanings) or _misread(item, word, meanings)
        if hit is not None:
            hits.append(hit)
    return tuple(hits)


@lru_cache(maxsize=TIDIED_MAX)
def label_word(text: str) -> str:
    """A line as it is compared with labels: without spaces, a closing colon or icons at its ends."""
    return EDGE.sub("", squeezed(text))


def _meanings(layout: Layout) -> dict[str, _Meaning]:
    found: dict[str, _Meaning] = {label_word(word): _Meaning() for word in layout.other_labels}
    for name, field in layout.fields.items():
        is_before = Place.BEFORE in field.places
        for rank, labels in enumerate((field.labels, field.weaker_labels)):
            for label in labels:
                found[label_word(label)] = _Meaning(field=name, rank=rank, is_before=is_before)
    for anchor in layout.anchors:
        word = label_word(anchor)
        known = found.get(word, _Meaning())
        found[word] = _Meaning(field=known.field, rank=known.rank, is_before=known.is_before, is_anchor=True)
    return found


def _hit(
    item: Placed, word: str, meaning: _Meaning, *, after: str = "", before: str = "", misread: bool = False
) -> Hit:
    return Hit(
        placed=item,
        word=word,
        field=meaning.field,
        rank=meaning.rank,
        is_anchor=meaning.is_anchor,
        is_misread=misread,
        after=after,
        before=before,
    )


def _joined(item: Placed, words: Iterable[str], meanings: dict[str, _Meaning]) -> Hit | None:
    text = plain(item.text)
    for word in words:
        after = _rest_after(text, word)
        if after is not None:
            return _hit(item, word, meanings[word], after=after)
        if meanings[word].is_before and text.endswith(word) and len(text) > len(word):
            return _hit(item, word, meanings[word], before=text[: -len(word)].strip())
    return None


def _rest_after(text: str, word: str) -> str | None:
    """What follows the label in its own line. Words need a colon or space between: 商品名 is no label in 商品名师讲堂."""
    position = 0
    for char in word:
        while position < len(text) and text[position] == " ":
            position += 1
        if position >= len(text) or text[position] != char:
            return None
        position += 1
    rest = text[position:]
    tidy = rest.lstrip(" :").strip()
    if not tidy:
        return None
    is_parted = rest[0] in " :" or not tidy[0].isalpha()
    return tidy if is_parted else None


def _misread(item: Placed, word: str, meanings: dict[str, _Meaning]) -> Hit | None:
    if len(word) < MISREAD_LENGTH_MIN or item.line.weakest > MISREAD_WEAKEST_MAX:
        return None
    near = [
        known
        for known in meanings
        if len(known) == len(word) and sum(one != other for one, other in zip(known, word, strict=True)) == 1
    ]
    if len(near) != 1:
        return None
    return _hit(item, near[0], meanings[near[0]], misread=True)
