"""What keyword search looks in: one lower-case text an order, and its two-character grams for the index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SEARCH_TEXT_MAX = 1_000
"""Enough for a number, several titles and a delivery note; more would only swell the index."""

_BLANKS = re.compile(r"\s+")


def search_text(*parts: str) -> str:
    """The parts an order is found by, in the one form that keywords are brought to as well."""
    return fold(" ".join(part for part in parts if part))[:SEARCH_TEXT_MAX].rstrip()


def fold(text: str) -> str:
    """Case, full-width letters and runs of blanks do not matter to a search."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def grams(text: str) -> list[str]:
    """Every pair of neighbouring characters inside a word, and each Chinese character alone."""
    found: set[str] = set()
    for word in text.split():
        found.update(word[at : at + 2] for at in range(len(word) - 1))
        found.update(mark for mark in word if is_chinese(mark))
    return sorted(found)


def keyword_grams(words: Iterable[str]) -> list[str]:
    """What the index must contain for every word: its pairs, or the character itself when it is one Chinese one."""
    found: set[str] = set()
    for word in words:
        if len(word) > 1:
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        elif is_chinese(word):
            found.add(word)
    return sorted(found)


def is_chinese(mark: str) -> bool:
    """Whether one character is a Chinese ideograph."""
    return "一" <= mark <= "鿿" or "㐀" <= mark <= "䶿"
