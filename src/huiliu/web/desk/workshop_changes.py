"""What changes between two versions, in words: every situation that comes to something else, and for whom it is better."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from huiliu.kit.text import Lang
from huiliu.policy.diff.situations import Change, Diff, diff
from huiliu.policy.diff.words import amendment_words, change_words
from huiliu.policy.model import Policy
from huiliu.web.desk.workshop_words import ExampleLine, example_line, facts_words

CHANGES_SHOWN = 60
CHANGES_BESIDE = 6
"""Beside a form, where there is little room."""
SITUATIONS_SHOWN = 6
AMENDMENTS_SHOWN = 100
SIGNS = {"better": "▲", "worse": "▼", "mixed": "◆", "neutral": "●"}


class ChangeLine(Struct, frozen=True, kw_only=True):
    """Situations that came to one answer and now come to another."""

    direction: str
    direction_words: str
    sign: str
    what: tuple[str, ...]
    old_outcome: str
    new_outcome: str
    old_clause: str
    new_clause: str
    situations: tuple[str, ...]
    more: int
    example: ExampleLine


class Changes(Struct, frozen=True, kw_only=True):
    """Two versions compared."""

    label: str
    """The version that it is compared with."""
    lines: tuple[ChangeLine, ...]
    more: int
    better: int
    worse: int
    is_complete: bool
    amendments: tuple[str, ...]


async def changes_between(lang: Lang, old: Policy, new: Policy, *, base: str) -> Changes:
    """Compare away from the event loop. `base` is where the new one's cases are tried, '' when they are not."""
    found = await asyncio.to_thread(diff, old, new)
    return changes_words(lang, old, new, found, base=base, shown=CHANGES_SHOWN)


def changes_words(lang: Lang, old: Policy, new: Policy, found: Diff, *, base: str, shown: int) -> Changes:
    """A comparison in words."""
    directions = [change.direction.value for change in found.changes]
    return Changes(
        label=old.label,
        lines=tuple(change_line(lang, old, new, change, base=base) for change in found.changes[:shown]),
        more=max(0, len(found.changes) - shown),
        better=directions.count("better"),
        worse=directions.count("worse"),
        is_complete=found.is_complete,
        amendments=tuple(amendment_words(lang, old, new, it) for it in found.amendments[:AMENDMENTS_SHOWN]),
    )


def change_line(lang: Lang, old: Policy, new: Policy, change: Change, *, base: str) -> ChangeLine:
    """One change in words."""
    example, words = change.example, change_words(lang, old, new, change)
    return ChangeLine(
        direction=change.direction.value,
        direction_words=words.direction,
        sign=SIGNS[change.direction.value],
        what=words.what,
        old_outcome=change.old.outcome,
        new_outcome=change.new.outcome,
        old_clause=change.old_clause,
        new_clause=change.new_clause,
        situations=words.situations[:SITUATIONS_SHOWN],
        more=max(0, len(words.situations) - SITUATIONS_SHOWN),
        example=example_line(lang, new, example.facts, example.evidence, base=base)
        if base
        else ExampleLine(words=facts_words(lang, new, example.facts, example.evidence), url=""),
    )
