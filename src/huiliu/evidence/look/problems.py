"""The codes of what may be wrong with a picture, with words in evidence_look.toml. Pure: web processes import it too."""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """One thing that keeps a picture from being read, and that its sender can mend."""

    BLANK = "blank"
    """Nothing is on it: the only one that the gate refuses."""
    THUMBNAIL = "thumbnail"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    NO_TEXT = "no_text"
    """A screenshot without a word."""
    NO_PAGE = "no_page"
    """A photo of a person or of a thing."""
    OTHER_LANGUAGE = "other_language"
    UPSIDE_DOWN = "upside_down"
    SIDEWAYS = "sideways"
    TITLE_CUT = "title_cut"
    STATUS_BAR_CUT = "status_bar_cut"
    PRIVATE = "private"
    """An ID card or another document that nobody needs to see here."""


PIXEL_PROBLEMS = frozenset((Problem.BLANK, Problem.THUMBNAIL, Problem.BLURRED, Problem.DARK, Problem.BRIGHT))
"""Told within a second of the upload; the others need the text."""
HINTS = frozenset(
    (
        Problem.BRIGHT,
        Problem.OTHER_LANGUAGE,
        Problem.UPSIDE_DOWN,
        Problem.SIDEWAYS,
        Problem.TITLE_CUT,
        Problem.STATUS_BAR_CUT,
    )
)
"""Worth saying, yet such a picture may prove enough: no reason by itself to ask for another one."""
