"""Refusals: a 'no' with a code and facts. The words live in locale files; a bug is an assert or any other exception."""

from __future__ import annotations

from typing import ClassVar

Fact = str | int | bool | None


class Refusal(Exception):
    """The base of every 'no' that a person or a machine may be told."""

    code: ClassVar[str] = "refusal"
    status: ClassVar[int] = 400
    constraint: ClassVar[str | None] = None
    """The database constraint that says the same 'no', if one does."""

    def __init__(self, **facts: Fact) -> None:
        super().__init__(self.code)
        self.facts = facts


class NotFound(Refusal):
    """There is nothing here that you may see."""

    code = "not_found"
    status = 404


class Invalid(Refusal):
    """One field does not say what it must. facts: field, problem."""

    code = "invalid"
    status = 422


class NotAllowed(Refusal):
    """You are signed in, and this is not yours to do."""

    code = "not_allowed"
    status = 403


class SignInFirst(Refusal):
    """Nobody is signed in."""

    code = "sign_in_first"
    status = 401


class TooMany(Refusal):
    """The rate limit is used up. facts: retry_after (seconds)."""

    code = "too_many"
    status = 429


class Conflict(Refusal):
    """Somebody else changed this a moment ago; look again and decide again."""

    code = "conflict"
    status = 409


def all_refusals() -> list[type[Refusal]]:
    """Every refusal the running program knows, for the tests that want words for each code."""
    found: list[type[Refusal]] = []
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found.append(kind)
            waiting.append(kind)
    return found


def refusal_for_constraint(name: str | None) -> type[Refusal] | None:
    """The refusal that a violated database constraint stands for, or None when it is a bug."""
    if name is None:
        return None
    return next((kind for kind in all_refusals() if kind.constraint == name), None)
