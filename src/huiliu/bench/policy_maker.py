"""Small policies made by a seeded draw, whose every case can be tried.

They are drawn so that everything the checks look for happens often, and so does its absence: conditions that
split the space without a gap, bands whose ends meet or miss, exceptions in chains and circles, equal answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import prod
from random import Random

import msgspec

from huiliu.bench.policy_parts import condition, drawn_clause, drawn_extra, ends, ordered, presumption, situation
from huiliu.policy.evaluate import judge
from huiliu.policy.identity import sealed
from huiliu.policy.model import (
    DAY_SECONDS,
    REFUNDS,
    Clause,
    Expectation,
    Extra,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    GoldenCase,
    Limits,
    Outcome,
    Override,
    Party,
    Period,
    Policy,
    Range,
    Scope,
    Test,
    Trend,
)
from huiliu.policy.words import EVIDENCE, OTHER_PRODUCT, PRODUCT, PRODUCT_KIND, RECORDS

SMALL_CASES_MAX = 360
"""How many cases of effective facts a small policy may have, so that all pairs of clauses can be tried on all of them."""
CLAUSES_MAX = 9
FOREIGN_SLOT = "公证书"
"""Evidence that a policy may name though no slot of the product takes it."""


def made(random: Random, *, size: int = SMALL_CASES_MAX) -> Policy:
    """A small policy with at most `size` cases of known facts; the same draw gives the same policy."""
    facts = _facts(random, size)
    costs = _costs(random)
    facts = tuple(_with_burden(random, spec, costs) for spec in facts)
    outcomes = _outcomes(random)
    situations = _situations(random, facts)
    clauses = tuple(drawn_clause(random, f"F{i + 1}", when, outcomes, costs) for i, when in enumerate(situations))
    clauses = _with_exceptions(random, _with_twins(random, clauses))
    extras = tuple(drawn_extra(random, f"A{i + 1}", facts) for i in range(random.choice((0, 0, 1, 1, 2))))
    clauses, extras = _with_presumed_twin(random, facts, clauses, extras)
    scope = next((spec for spec in facts if spec.name in (PRODUCT_KIND, PRODUCT)), None)
    clauses = clauses if scope is None else _with_products(random, clauses, scope, outcomes, costs, facts)
    policy = Policy(
        name="生成的政策",
        name_en=random.choice(("", "Made policy")),
        text=random.choice(("", "按此规则处理退款：先看凭证，再看时间。")),
        id="made",
        label=str(random.randrange(1, 100)),
        effective_from=random.choice((None, datetime(2026, 1, 1, 8, 30, tzinfo=UTC))),
        facts=facts,
        costs=costs,
        outcomes=outcomes,
        clauses=clauses,
        extras=extras,
        limits=_limits(random),
        overrides=() if scope is None or random.random() < 0.5 else (_override(random, scope),),
    )
    return _with_golden(random, sealed(policy))


def _facts(random: Random, size: int) -> tuple[FactSpec, ...]:
    """Two to five facts in a random order, as long as their cases stay within `size`."""
    choices = [
        FactSpec("退款原因", FactKind.ENUM, values=("充值错误", "服务未达标", "不想要了")[: random.randint(2, 3)]),
        FactSpec("使用情况", FactKind.ENUM, values=("未使用", "部分使用", "已使用")[: random.randint(2, 3)]),
        FactSpec("下单时长", FactKind.DURATION, domain=_domain(random)),
        FactSpec("次数", FactKind.COUNT, domain=_domain(random)),
        FactSpec("金额", FactKind.AMOUNT, domain=_domain(random)),
        FactSpec("曾伪造凭证", FactKind.BOOLEAN),
        FactSpec("平台有过错", FactKind.BOOLEAN, name_en="Platform at fault"),
    ]
    product = (
        FactSpec(PRODUCT_KIND, FactKind.ENUM, values=("卡密", "会员")),
        FactSpec(PRODUCT, FactKind.ENUM, values=("点卡", OTHER_PRODUCT)),
        FactSpec("地区", FactKind.ENUM, name_en="Region", values=("东", "西"), values_en=("East", "West")),
    )
    choices.append(random.choice(product))
    found: list[FactSpec] = []
    for spec in random.sample(choices, k=random.randint(2, 5)):
        if prod(_width(each) for each in (*found, spec)) <= size:
            found.append(spec)
    return tuple(found)


def _domain(random: Random) -> Range:
    low = random.choice((0, 0, 0, 1, 3))
    return Range(low, low + random.randint(2, 8))


def _width(spec: FactSpec) -> int:
    if spec.kind is FactKind.BOOLEAN:
        return 2
    low, high = spec.domain.low, spec.domain.high
    return len(spec.values) if low is None or high is None else high - low + 1


def _costs(random: Random) -> dict[str, int]:
    codes = random.sample(list(EVIDENCE.values()), k=random.randint(1, 4))
    codes += [FOREIGN_SLOT] if random.random() < 0.1 else []
    return {code: random.randint(1, 6) for code in sorted(codes)}


def _with_burden(random: Random, spec: FactSpec, costs: dict[str, int]) -> FactSpec:
    trend = random.choice((None, None, Trend.LARGER_WORSE, Trend.LARGER_WORSE, Trend.LARGER_BETTER))
    spec = msgspec.structs.replace(spec, trend=trend)
    if random.random() > 0.4:
        return spec
    party = random.choice((Party.PLATFORM, Party.BUYER))
    slots = random.sample(list(costs), k=random.randint(1, min(3, len(costs))))
    slots = [code for code in slots if code != FOREIGN_SLOT]
    records = random.sample(
        list(RECORDS.values()), k=1 if party is Party.PLATFORM or not slots else random.randint(0, 1)
    )
    return msgspec.structs.replace(
        spec,
        burden=party,
        presumed=presumption(random, spec),
        proven_by=(*slots, *records) if party is Party.BUYER else (*records, *slots[: random.randint(0, 1)]),
    )


def _outcomes(random: Random) -> tuple[Outcome, ...]:
    """The ladder of refunds keeps its order; where waiting and a person stand in it is the policy's to say."""
    found = [Outcome.FULL, Outcome.PART, Outcome.REJECT]
    if random.random() < 0.5:
        return tuple(Outcome)
    for extra in (Outcome.COOLING, Outcome.PERSON):
        if random.random() < 0.9:
            found.insert(random.randint(0, len(found)), extra)
    return tuple(found)


def _situations(random: Random, facts: tuple[FactSpec, ...]) -> list[tuple[Test, ...]]:
    """Either conditions drawn one by one, or a split of the whole space with some of it drawn over."""
    target = random.randint(1, CLAUSES_MAX)
    if random.random() < 0.4:
        return [situation(random, facts) for _ in range(target)]
    parts: list[dict[str, Test]] = [{}]
    for _ in range(random.randint(1, 4)):
        i = random.randrange(len(parts))
        spec = random.choice(facts)
        if spec.name in parts[i]:
            continue
        taken = condition(random, spec)
        parts[i : i + 1] = [parts[i] | {spec.name: test} for test in (taken, *_rest(spec, taken))]
    slips = random.random() < 0.3
    whens = [ordered(facts, _slipped(random, facts, part) if slips else part) for part in parts if part]
    whens += [situation(random, facts) for _ in range(random.randint(0, 3))]
    if random.random() < 0.3:
        random.shuffle(whens)
    return whens[:CLAUSES_MAX] or [situation(random, facts)]


def _slipped(random: Random, facts: tuple[FactSpec, ...], part: dict[str, Test]) -> dict[str, Test]:
    """Boundary words mixed up, the commonest slip of all: a band ends one number too early or too late."""
    found = dict(part)
    for spec in facts:
        test = part.get(spec.name)
        if test is None or len(test.ranges) != 1 or random.random() < 0.5:
            continue
        (span,), (low, high) = test.ranges, ends(spec)
        step = random.choice((-1, 1))
        if span.high is not None and low < span.high < high:
            span = Range(span.low, span.high + step)
        elif span.low is not None and low < span.low < high:
            span = Range(span.low + step, span.high)
        if span.low is None or span.high is None or span.low <= span.high:
            found[spec.name] = Test(spec.name, (), (span,))
    return found


def _rest(spec: FactSpec, taken: Test) -> list[Test]:
    """What is left of a fact beside a condition on it, as conditions."""
    if spec.kind is FactKind.BOOLEAN:
        return [] if len(taken.values) > 1 else [Test(spec.name, ("否" if "是" in taken.values else "是",))]
    if spec.kind is FactKind.ENUM:
        left = tuple(value for value in spec.values if value not in taken.values)
        return [Test(spec.name, left)] if left else []
    assert spec.domain.low is not None, "made facts have a domain"
    assert spec.domain.high is not None, "made facts have a domain"
    left_numbers = [
        number
        for number in range(spec.domain.low, spec.domain.high + 1)
        if not any(number in span for span in taken.ranges)
    ]
    spans: list[Range] = []
    for number in left_numbers:
        if spans and spans[-1].high == number - 1:
            spans[-1] = Range(spans[-1].low, number)
        else:
            spans.append(Range(number, number))
    return [Test(spec.name, (), tuple(spans))] if spans else []


def _with_twins(random: Random, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """In some policies many clauses give what an earlier one gives: alternatives, of which the easiest counts."""
    if random.random() < 0.6:
        return clauses
    found = list(clauses)
    for i in range(1, len(found)):
        other = random.choice(found[:i])
        if random.random() < 0.5:
            automatic = found[i].automatic and other.amount is not None
            found[i] = msgspec.structs.replace(
                found[i], outcome=other.outcome, amount=other.amount, automatic=automatic
            )
    return tuple(found)


def _with_presumed_twin(
    random: Random, facts: tuple[FactSpec, ...], clauses: tuple[Clause, ...], extras: tuple[Extra, ...]
) -> tuple[tuple[Clause, ...], tuple[Extra, ...]]:
    """Sometimes a refund that rests on what may only be presumed, an equal one that does not and needs no person, and
    cases in which nothing would need one: who then gets past a person is the finest distinction there is."""
    disputed = [spec for spec in facts if spec.burden is not None]
    refunds = [i for i, clause in enumerate(clauses) if clause.outcome in REFUNDS]
    others = tuple(spec for spec in facts if spec not in disputed)
    if not disputed or not refunds or not others or random.random() < 0.7:
        return clauses, extras
    i = random.choice(refunds)
    spec = random.choice(disputed)
    tests = {test.fact: test for test in clauses[i].when} | {spec.name: condition(random, spec)}
    first = msgspec.structs.replace(clauses[i], when=ordered(facts, tests), automatic=False)
    twin = msgspec.structs.replace(first, id="T1", name="条款 T1", when=situation(random, others), automatic=True)
    lets_through = Extra("A0", "附加 A0", situation(random, others), automatic=True)
    return (*clauses[:i], first, *clauses[i + 1 :], twin), (*extras, lets_through)


def _with_exceptions(random: Random, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Mostly a later clause is the exception to earlier ones; one policy in twelve may have circles."""
    may_circle = random.random() < 1 / 12
    density = random.choice((0.0, 0.15, 0.35, 0.6))
    found: list[Clause] = []
    for i, clause in enumerate(clauses):
        others = [other.id for other in (clauses if may_circle else clauses[:i]) if other.id != clause.id]
        bases = tuple(name for name in others if random.random() < density)
        found.append(msgspec.structs.replace(clause, exception_to=bases))
    return tuple(found)


def _with_products(
    random: Random,
    clauses: tuple[Clause, ...],
    scope: FactSpec,
    outcomes: tuple[Outcome, ...],
    costs: dict[str, int],
    facts: tuple[FactSpec, ...],
) -> tuple[Clause, ...]:
    """What 按商品 comes to when it is read: one product's clauses are narrowed away and others stand in for them."""
    if random.random() < 0.5:
        return clauses
    own, others = scope.values[:1], scope.values[1:]
    found: list[Clause] = []
    for clause in clauses:
        tests = {test.fact: test for test in clause.when}
        left = tuple(v for v in others if scope.name not in tests or v in tests[scope.name].values)
        if random.random() < 0.5 and left:
            clause = msgspec.structs.replace(clause, when=ordered(facts, tests | {scope.name: Test(scope.name, left)}))
        found.append(clause)
    tests = {test.fact: test for test in situation(random, facts)} | {scope.name: Test(scope.name, own)}
    return (*found, drawn_clause(random, "P1", ordered(facts, tests), outcomes, costs))


def _limits(random: Random) -> Limits:
    if random.random() < 0.5:
        return Limits()
    return Limits(
        applications=random.randint(1, 9),
        review=random.choice(
            (Period(working_days=random.randint(1, 9)), Period(seconds=random.randint(1, 99) * 3_600))
        ),
        cooling=random.choice((Period(seconds=DAY_SECONDS), Period(working_days=2))),
    )


def _override(random: Random, scope: FactSpec) -> Override:
    return Override(Scope(scope.name, scope.values[:1]), msgspec.structs.replace(_limits(random), applications=3))


def _with_golden(random: Random, policy: Policy) -> Policy:
    """Sometimes a case or two with what the policy says of them, to be read back with the rest."""
    cases: list[GoldenCase] = []
    for i in range(random.choice((0, 0, 1, 2))):
        values: dict[str, FactValue] = {spec.name: presumption(random, spec) for spec in policy.facts}
        facts = Facts(values, frozenset(name for name in values if random.random() < 0.5))
        evidence = tuple(code for code in policy.costs if random.random() < 0.5)
        verdict = judge(policy, facts, frozenset(evidence))
        clause = None if verdict.clause is None else verdict.clause.id
        expect = Expectation(verdict.outcome, clause, random.choice((None, verdict.missing)))
        cases.append(GoldenCase(f"样例 {i + 1}", facts, evidence, expect))
    return msgspec.structs.replace(policy, golden=tuple(cases))
