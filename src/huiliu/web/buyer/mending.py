"""What can be better about a picture that was just taken, and its way through an address: ?told=<file>.<problem>,... Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec import Struct

from huiliu.evidence.look.problems import Problem
from huiliu.kit.text import Lang, say

TOLD_CHARS_MAX = 200
TOLD = "told"


class ToMend(Struct, frozen=True):
    """One thing about a picture that was taken all the same, and what to do about it."""

    code: str
    title: str
    next: str


class Taken(Struct, frozen=True):
    """A file that was taken, and the codes of what its sender should mend."""

    file_id: UUID
    problems: tuple[str, ...]

    @property
    def told(self) -> str:
        """How an address says it."""
        return f"{self.file_id}.{','.join(self.problems)}"


def to_mend(lang: Lang, problems: Iterable[str]) -> tuple[ToMend, ...]:
    """In words."""
    keys = [(problem, f"evidence_look.problem.{problem}") for problem in problems]
    return tuple(ToMend(code, say(lang, f"{key}.title"), say(lang, f"{key}.next")) for code, key in keys)


def mending(lang: Lang, told: str) -> Mapping[UUID, tuple[ToMend, ...]]:
    """What an address tells of; anything that is no file and no known problem is left out."""
    raw, _, codes = told[:TOLD_CHARS_MAX].partition(".")
    known = [problem.value for problem in Problem if problem.value in codes.split(",")]
    try:
        return {UUID(raw): to_mend(lang, known)} if known else {}
    except ValueError:
        return {}
