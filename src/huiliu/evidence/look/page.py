"""What is wrong with a picture once its text is known: no page on it, another language, cut off, lying wrong, private."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from huiliu.evidence.inspection.model import FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.look.problems import Problem
from huiliu.evidence.look.quality import flat_share_of, is_flat
from huiliu.evidence.reading.layout import UNKNOWN_PAGE
from huiliu.evidence.reading.private import private_document

LETTERS_MIN = 4
"""With fewer letters and digits than this there is no text."""
PAGE_LETTERS_MIN = 24
"""A photo with fewer shows a thing with a word on it, not a page."""
LANGUAGE_LETTERS_MIN = 20
HAN_SHARE_MIN = 0.15
"""Chinese apps are full of product names and numbers in Latin letters, and still a good half is Chinese."""
TURNED_SHARE_MIN = 0.5


def page_problems(
    picture: Picture,
    lines: Sequence[Line],
    page: str,
    missing: Sequence[FieldName],
    *,
    fields: Sequence[FieldRead] | None = None,
) -> tuple[Problem, ...]:
    """What the sender should mend, told from the text. `page` and `missing` are the reader's.

    With `fields`, everything that was read, a known page is also asked for its title and the phone's clock.
    """
    if page == UNKNOWN_PAGE and private_document(lines) is not None:
        return (Problem.PRIVATE,)
    letters = [letter for line in lines for letter in line.text if letter.isalnum()]
    found: list[Problem] = []
    is_screenshot = is_flat(flat_share_of(picture.luma))
    if page == UNKNOWN_PAGE and not is_screenshot and len(letters) < PAGE_LETTERS_MIN:
        found.append(Problem.NO_PAGE)
    elif len(letters) < LETTERS_MIN:
        found.append(Problem.NO_TEXT)
    elif page == UNKNOWN_PAGE and _is_foreign(letters):
        found.append(Problem.OTHER_LANGUAGE)
    turned = _turned(lines)
    if turned is not None:
        found.append(turned)
    if page != UNKNOWN_PAGE and fields is not None:
        seen = {field.name for field in fields}
        if FieldName.TITLE in missing or FieldName.TITLE not in seen:
            found.append(Problem.TITLE_CUT)
        if is_screenshot and FieldName.CLOCK not in seen:
            found.append(Problem.STATUS_BAR_CUT)
    return tuple(found)


def _is_foreign(letters: Sequence[str]) -> bool:
    """Whether hardly a letter is Chinese; Japanese kana and Korean count against it like Latin."""
    words = [letter for letter in letters if not letter.isdigit()]
    if len(words) < LANGUAGE_LETTERS_MIN:
        return False
    kana = sum("KATAKANA" in name or "HIRAGANA" in name for name in map(_name, words))
    han = sum(_name(letter).startswith("CJK") for letter in words)
    return han < HAN_SHARE_MIN * len(words) or kana > HAN_SHARE_MIN * len(words)


def _name(letter: str) -> str:
    return unicodedata.name(letter, "")


def _turned(lines: Sequence[Line]) -> Problem | None:
    """Which way most of the text runs: a line's quad begins at the top left of its own text."""
    runs = {Problem.UPSIDE_DOWN: 0.0, Problem.SIDEWAYS: 0.0}
    whole = 0.0
    for line in lines:
        right, down = line.quad[2] - line.quad[0], line.quad[3] - line.quad[1]
        length = abs(right) + abs(down)
        whole += length
        if abs(down) > abs(right):
            runs[Problem.SIDEWAYS] += length
        elif right < 0:
            runs[Problem.UPSIDE_DOWN] += length
    return next((problem for problem, run in runs.items() if run > TURNED_SHARE_MIN * whole), None)
