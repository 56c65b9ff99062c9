"""Published refund policies: which versions there are, and the very text of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from huiliu.api.context import Answer, Call, answer
from huiliu.api.cursors import decode_cursor, encode_cursor
from huiliu.api.operation import Operation
from huiliu.api.shapes import LIMIT_DEFAULT, Cursor
from huiliu.kit.errors import NotFound
from huiliu.kit.money import Rounding
from huiliu.people.model import Scope
from huiliu.policy.model import Basis, Clause, Outcome, PublishedPolicy
from huiliu.policy.reads import list_policies, load_policy, policy_source


class PolicySearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page."""

    cursor: Cursor = ""
    limit: Annotated[int, Meta(ge=1, le=50)] = LIMIT_DEFAULT


class PolicyRowOut(msgspec.Struct, frozen=True, kw_only=True):
    """One version."""

    id: UUID
    label: str
    name: str
    content_hash: str
    effective_from: datetime
    published_at: datetime
    published_by: str


class PoliciesOut(msgspec.Struct, frozen=True):
    """A page of versions, the latest effective first."""

    policies: list[PolicyRowOut]
    next_cursor: str | None


async def show_policies(call: Call) -> Answer:
    """Every published version, a page at a time."""
    wanted = call.query(PolicySearch)
    place = decode_cursor(wanted.cursor)
    async with call.transaction() as tx:
        found = await list_policies(tx, before=place[0] if place else None, limit=wanted.limit + 1)
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return answer(
        PoliciesOut(
            [_row_out(policy) for policy in shown],
            encode_cursor(shown[-1].effective_from, shown[-1].id) if more else None,
        )
    )


class AmountRuleOut(msgspec.Struct, frozen=True, kw_only=True):
    """The formula of a refunding clause: what it is measured by, whether the payment fee is given back, rounding, cap."""

    basis: Basis
    fee_returned: bool
    rounding: Rounding
    cap_minor: int | None


class ClauseOut(msgspec.Struct, frozen=True, kw_only=True):
    """One clause as it is applied. `needs` are evidence slots; `automatic`: paid without a person once they are filled."""

    id: str
    name: str
    name_en: str
    text: str
    text_en: str
    outcome: Outcome
    amount: AmountRuleOut | None
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    exception_to: tuple[str, ...]
    automatic: bool


class PolicyOut(msgspec.Struct, frozen=True, kw_only=True):
    """One version: what was read from its text, and the text itself (YAML)."""

    id: UUID
    label: str
    name: str
    content_hash: str
    effective_from: datetime
    published_at: datetime
    published_by: str
    applications_max: int
    clauses: list[ClauseOut]
    source: str


async def show_policy(call: Call) -> Answer:
    """One version with its clauses and its text."""
    try:
        policy_id = UUID(call.params["policy_id"])
    except ValueError:
        raise NotFound from None
    async with call.transaction() as tx:
        published = await load_policy(tx, policy_id)
        source = await policy_source(tx, policy_id)
    return answer(_policy_out(published, source))


def _row_out(published: PublishedPolicy) -> PolicyRowOut:
    return PolicyRowOut(
        id=published.id,
        label=published.label,
        name=published.name,
        content_hash=published.policy.content_hash.hex(),
        effective_from=published.effective_from,
        published_at=published.published_at,
        published_by=published.published_by,
    )


def _policy_out(published: PublishedPolicy, source: str) -> PolicyOut:
    return PolicyOut(
        id=published.id,
        label=published.label,
        name=published.name,
        content_hash=published.policy.content_hash.hex(),
        effective_from=published.effective_from,
        published_at=published.published_at,
        published_by=published.published_by,
        applications_max=published.policy.limits.applications,
        clauses=[_clause_out(clause) for clause in published.policy.clauses],
        source=source,
    )


def _clause_out(clause: Clause) -> ClauseOut:
    rule = clause.amount
    return ClauseOut(
        id=clause.id,
        name=clause.name,
        name_en=clause.name_en,
        text=clause.text,
        text_en=clause.text_en,
        outcome=clause.outcome,
        amount=None
        if rule is None
        else AmountRuleOut(
            basis=rule.basis,
            fee_returned=rule.fee_returned,
            rounding=rule.rounding,
            cap_minor=rule.cap_minor,
        ),
        needs=clause.needs,
        optional=clause.optional,
        exception_to=clause.exception_to,
        automatic=clause.automatic,
    )


OPERATIONS = (
    Operation(
        id="listPolicies",
        method="GET",
        path="/policies",
        scope=Scope.POLICY_READ,
        query=PolicySearch,
        gives=PoliciesOut,
        run=show_policies,
    ),
    Operation(
        id="getPolicy",
        method="GET",
        path="/policies/{policy_id}",
        scope=Scope.POLICY_READ,
        gives=PolicyOut,
        run=show_policy,
    ),
)
