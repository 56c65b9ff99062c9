"""Comparing printed with recorded texts when either is masked, shortened or in other letters. Pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache

TEXT_CHARS_MAX = 120
"""No name, number or account is longer; what follows is not compared."""
CONTAINED_CHARS_MIN = 3
"""A shorter name inside a longer one says little."""
NEAR_RATIO = 0.75
"""Names this alike may be one name misread or written in another way."""

MASK = "*"
_MASKS = re.compile(r"…|\.{2,}|[*●○•■█?]|(?<![a-z])x{2,}(?![a-z])")
_BRACKETED = re.compile(r"[(\[{【〔《<][^()\[\]{}【】〔〕《》<>]{0,40}[)\]}】〕》>]")
_NOISE = re.compile(r"[\s\-_·,，.。:：'\"“”‘’()\[\]{}【】〔〕《》<>/|]+")
_COMPANY = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|集团|公司|个体工商户|商行|工作室|旗舰店|专营店|专卖店|官方|co|ltd|inc)+$"
)
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})


class Likeness(StrEnum):
    """How two texts compare."""

    SAME = "same"
    SAME_AS_FAR_AS_SEEN = "same_as_far_as_seen"
    """Masked somewhere, and every visible character agrees."""
    NEAR = "near"
    """Different, but so little that it may be a misreading or another way of writing it."""
    DIFFERENT = "different"
    UNTELLABLE = "untellable"
    """Masks hide whatever there was to compare."""


def normal(text: str) -> str:
    """Half width, lower case, without spaces and punctuation; every mask is a `*` a character."""
    folded = unicodedata.normalize("NFKC", text.replace("…", MASK)).casefold()[:TEXT_CHARS_MAX]
    starred = _MASKS.sub(lambda found: MASK * (len(found[0]) if found[0][0] != "." else 1), folded)
    # Taking out what stood between two marks may let them join, and small letters may be made of parts.
    return unicodedata.normalize("NFKC", _NOISE.sub("", starred))


def number_likeness(printed: str, recorded: str) -> Likeness:
    """Order numbers, codes and accounts: every visible character counts, but nobody tells an O from a 0 in print."""
    return _likeness(normal(printed).translate(_LOOKALIKES), normal(recorded).translate(_LOOKALIKES))


def name_likeness(printed: str, recorded: str) -> Likeness:
    """Whether a printed name is one of the recorded ones, which are parted by `|`. The best comparison counts."""
    order = list(Likeness)
    found = [_one_name(printed, name) for name in recorded.split("|") if name.strip()]
    return min(found, key=order.index, default=Likeness.UNTELLABLE)


def _one_name(printed: str, recorded: str) -> Likeness:
    best = Likeness.DIFFERENT
    for left in _forms(printed):
        for right in _forms(recorded):
            alike = _likeness(left, right)
            if alike in (Likeness.SAME, Likeness.SAME_AS_FAR_AS_SEEN, Likeness.UNTELLABLE):
                return alike
            shorter, longer = sorted((left, right), key=len)
            if len(shorter) >= CONTAINED_CHARS_MIN and shorter in longer:
                return Likeness.SAME
            ratio = SequenceMatcher(None, left, right, autojunk=False).ratio()
            if ratio >= NEAR_RATIO or _shows_part(left, right) or _shows_part(right, left):
                best = Likeness.NEAR
    return best


def _shows_part(masked: str, other: str) -> bool:
    """Whether everything that a masked name shows stands in the other one, in order: a short name that is masked too."""
    if MASK not in masked:
        return False
    at = 0
    for part in filter(None, masked.split(MASK)):
        found = other.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _forms(name: str) -> tuple[str, ...]:
    """The name as it is, without what stands in brackets, and without its legal form."""
    folded = unicodedata.normalize("NFKC", name[:TEXT_CHARS_MAX])
    whole, bare = normal(folded), normal(_BRACKETED.sub("", folded))
    forms = dict.fromkeys((whole, bare, _COMPANY.sub("", whole), _COMPANY.sub("", bare)))
    return tuple(form for form in forms if form)


def _likeness(left: str, right: str) -> Likeness:
    if not left or not right:
        return Likeness.UNTELLABLE
    if MASK not in left and MASK not in right:
        return Likeness.SAME if left == right else Likeness.DIFFERENT
    if not _can_be_one(left, right):
        return Likeness.DIFFERENT
    return Likeness.SAME_AS_FAR_AS_SEEN if _seen_on_both(left, right) else Likeness.UNTELLABLE


def _can_be_one(left: str, right: str) -> bool:
    """Whether some text fits both. How many stars an app prints means nothing, but they hide one character at least."""
    ours, theirs = _pattern(left), _pattern(right)

    @cache
    def fits(i: int, j: int) -> bool:
        here, there = ours[i : i + 1], theirs[j : j + 1]
        if not here and not there:
            return True
        if here == MASK and (fits(i + 1, j) or (bool(there) and fits(i, j + 1))):
            return True
        if there == MASK and (fits(i, j + 1) or (bool(here) and fits(i + 1, j))):
            return True
        is_single = bool(here) and bool(there) and MASK not in (here, there)
        return is_single and (here == there or "?" in (here, there)) and fits(i + 1, j + 1)

    return fits(0, 0)


def _pattern(text: str) -> str:
    """Each run of stars becomes one hidden character and any further ones: `?*`."""
    return re.sub(r"\*+", "?*", text)


def _seen_on_both(left: str, right: str) -> int:
    """How many characters both sides show in the same place, counted from either end."""
    if MASK not in left or MASK not in right:
        return sum(letter != MASK for letter in (left if MASK in left else right))
    return _seen_from_start(left, right) + _seen_from_start(left[::-1], right[::-1])


def _seen_from_start(left: str, right: str) -> int:
    seen = 0
    for ours, theirs in zip(left, right, strict=False):
        if MASK in (ours, theirs):
            break
        seen += 1
    return seen
