"""The very version of a platform's refund policy that judges an order, for anybody to read."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from huiliu.evidence.slots import slot_by_code
from huiliu.kit.text import Lang, say
from huiliu.policy.model import Clause, Policy, PublishedPolicy
from huiliu.policy.reads import load_policy
from huiliu.policy.wording import clause_name, fact_name, period_words, policy_name, test_words
from huiliu.web.page import show
from huiliu.web.visit import FromVisit


class ClauseCard(Struct, frozen=True, kw_only=True):
    """One clause in words."""

    id: str
    name: str
    when: tuple[tuple[str, str], ...]
    """(fact, what it must be)"""
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    outcome: str
    outcome_words: str
    exception_to: tuple[str, ...]


class PolicyPage(Struct, frozen=True, kw_only=True):
    """A published version."""

    name: str
    published: PublishedPolicy
    hash: str
    clauses: tuple[ClauseCard, ...]
    limits: tuple[tuple[str, str], ...]
    """(a key under web.policy.limit, how long or how often)"""


@get("/{slug:str}/policies/{policy_id:uuid}")
async def policy(visit: FromVisit, policy_id: FromPath[UUID]) -> Response[bytes]:
    """Every clause of one version. Risk rules (extras) are not shown: they would be a recipe."""
    async with visit.as_buyer() as tx:
        published = await load_policy(tx, policy_id)
    return show(visit, "buyer/policy.html", _page(visit.lang, published))


def _page(lang: Lang, published: PublishedPolicy) -> PolicyPage:
    rules = published.policy
    limits = rules.limits
    return PolicyPage(
        name=policy_name(lang, rules),
        published=published,
        hash=rules.content_hash.hex(),
        clauses=tuple(_card(lang, rules, clause) for clause in rules.clauses),
        limits=(
            ("applications", str(limits.applications)),
            ("review", period_words(lang, limits.review)),
            ("material", period_words(lang, limits.material)),
            ("proof", period_words(lang, limits.platform_proof)),
            ("reapply", period_words(lang, limits.reapply)),
            ("intervention", period_words(lang, limits.intervention)),
            ("cooling", period_words(lang, limits.cooling)),
        ),
    )


def _card(lang: Lang, rules: Policy, clause: Clause) -> ClauseCard:
    specs = ((rules.fact(test.fact), test) for test in clause.when)
    return ClauseCard(
        id=clause.id,
        name=clause_name(lang, clause),
        when=tuple((fact_name(lang, spec), test_words(lang, spec, test)) for spec, test in specs if spec is not None),
        needs=tuple(slot_by_code(code).name(lang) for code in clause.needs),
        optional=tuple(slot_by_code(code).name(lang) for code in clause.optional),
        outcome=clause.outcome.value,
        outcome_words=say(lang, f"policy.outcome.{clause.outcome.value}"),
        exception_to=clause.exception_to,
    )


handlers = (policy,)
