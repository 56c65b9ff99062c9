"""The very version of a platform's refund policy that judges an order, for anybody to read."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from huiliu.evidence.slots import slot_by_code
from huiliu.kit.text import Lang, say
from huiliu.policy.amount import rule_formula
from huiliu.policy.model import Clause, Limits, Override, Period, Policy, PublishedPolicy
from huiliu.policy.reads import load_policy
from huiliu.policy.wording import (
    clause_name,
    fact_name,
    list_words,
    period_words,
    policy_name,
    test_words,
    value_words,
)
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
    text: str
    """The clause as the platform explains it."""
    formula: str
    """How much, as the clause itself says: the measure, the fee, the rounding, the cap."""


class ProductLimits(Struct, frozen=True, kw_only=True):
    """What some products have otherwise."""

    products: str
    limits: tuple[tuple[str, str], ...]


class PolicyPage(Struct, frozen=True, kw_only=True):
    """A published version."""

    name: str
    text: str
    published: PublishedPolicy
    hash: str
    clauses: tuple[ClauseCard, ...]
    limits: tuple[tuple[str, str], ...]
    """(a key under web.policy.limit, how long or how often)"""
    products: tuple[ProductLimits, ...]


@get("/{slug:str}/policies/{policy_id:uuid}")
async def policy(visit: FromVisit, policy_id: FromPath[UUID]) -> Response[bytes]:
    """Every clause of one version. Risk rules (extras) are not shown: they would be a recipe."""
    async with visit.as_buyer() as tx:
        published = await load_policy(tx, policy_id)
    return show(visit, "buyer/policy.html", _page(visit.lang, published))


def _page(lang: Lang, published: PublishedPolicy) -> PolicyPage:
    rules = published.policy
    usual = _limits(lang, rules.limits)
    return PolicyPage(
        name=policy_name(lang, rules),
        text=_in(lang, rules.text, rules.text_en),
        published=published,
        hash=rules.content_hash.hex(),
        clauses=tuple(_card(lang, rules, clause) for clause in rules.clauses),
        limits=usual,
        products=tuple(
            ProductLimits(
                products=_products(lang, rules, override),
                limits=tuple(each for each in _limits(lang, override.limits) if each not in usual),
            )
            for override in rules.overrides
        ),
    )


def _limits(lang: Lang, limits: Limits) -> tuple[tuple[str, str], ...]:
    periods = (
        ("review", limits.review),
        ("material", limits.material),
        ("proof", limits.platform_proof),
        ("reapply", limits.reapply),
        ("intervention", limits.intervention),
        ("cooling", limits.cooling),
        ("hold", limits.hold),
        ("records", limits.records),
    )
    words = [(code, period_words(lang, period)) for code, period in periods if period != Period()]
    return (("applications", str(limits.applications)), *words)


def _products(lang: Lang, rules: Policy, override: Override) -> str:
    spec = rules.fact(override.scope.fact)
    assert spec is not None, "a scope is on a declared fact"
    return list_words(lang, [value_words(lang, spec, value) for value in override.scope.values])


def _in(lang: Lang, chinese: str, english: str) -> str:
    return english if lang is Lang.EN and english else chinese


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
        text=_in(lang, clause.text, clause.text_en),
        formula="" if clause.amount is None else rule_formula(lang, clause.amount),
    )


handlers = (policy,)
