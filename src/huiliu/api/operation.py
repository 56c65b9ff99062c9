"""A route of the API as one value: what serves it and what documents it cannot drift apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from huiliu.api.context import Answer, Call
from huiliu.people.model import Scope

BODY_BYTES_MAX = 64 * 1024
"""Every body but a batch of orders."""

Endpoint: TypeAlias = Callable[[Call], Awaitable[Answer]]


class Once(StrEnum):
    """What a route makes of an Idempotency-Key."""

    IGNORED = "ignored"
    HONOURED = "honoured"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. Its words are under api.operation.<id>.

    `path` is below /api/v1; its parameters are all text. `refusals` are the statuses its own features answer with,
    beside those that follow from the rest.
    """

    id: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    scope: Scope
    gives: type[msgspec.Struct]
    run: Endpoint
    status: int = 200
    takes: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    once: Once = Once.IGNORED
    refusals: frozenset[int] = frozenset()
    body_max: int = BODY_BYTES_MAX
    example: msgspec.Struct | None = None

    @property
    def statuses(self) -> list[int]:
        """Every status a caller may see, the successful one first."""
        found = {400, 401, 403, 409, 500, 503} | self.refusals
        if self.takes is not None:
            found |= {413, 415, 422}
        elif self.method == "POST":
            found |= {413}
        if self.query is not None or self.once is not Once.IGNORED:
            found |= {422}
        if "{" in self.path:
            found |= {404}
        return [self.status, *sorted(found - {self.status})]
