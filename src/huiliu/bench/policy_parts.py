"""The parts of a policy, drawn one at a time: conditions and values of a fact, situations, clauses, extras."""

from __future__ import annotations

from random import Random

from huiliu.kit.money import Rounding
from huiliu.policy.conditions import NO, YES
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    Extra,
    FactKind,
    FactSpec,
    FactValue,
    Flag,
    Outcome,
    Range,
    Test,
)


def repeatable(seed: int | str) -> Random:
    """A source of draws that gives the same ones again."""
    return Random(seed)  # noqa: S311 - to be repeated is what it is for


def condition(random: Random, spec: FactSpec) -> Test:
    """A condition that some value of the fact meets; now and then one that every value meets."""
    if spec.kind is FactKind.BOOLEAN:
        return Test(spec.name, random.choice(((YES,), (NO,), (YES,), (NO,), (YES, NO))))
    if spec.kind is FactKind.ENUM:
        chosen = set(
            random.sample(spec.values, k=random.randint(1, max(1, len(spec.values) - (random.random() < 0.9))))
        )
        return Test(spec.name, tuple(value for value in spec.values if value in chosen))
    spans = [_span(random, spec) for _ in range(random.choice((1, 1, 1, 1, 2)))]
    return Test(spec.name, (), tuple(sorted(spans, key=lambda span: (span.low or 0, span.high or 0))))


def presumption(random: Random, spec: FactSpec) -> FactValue:
    """Any value of the fact."""
    if spec.kind is FactKind.BOOLEAN:
        return random.random() < 0.5
    if spec.kind is FactKind.ENUM:
        return random.choice(spec.values)
    low, high = ends(spec)
    return random.randint(low, high)


def ends(spec: FactSpec) -> tuple[int, int]:
    """The least and the largest value of a number."""
    assert spec.domain.low is not None, "made facts have a domain"
    assert spec.domain.high is not None, "made facts have a domain"
    return spec.domain.low, spec.domain.high


def _span(random: Random, spec: FactSpec) -> Range:
    low, high = ends(spec)
    one = random.randint(low, high)
    match random.randrange(5):
        case 0 | 1:
            return Range(None, one)
        case 2 | 3:
            return Range(one, None)
        case _:
            return Range(one, random.randint(one, high))


def situation(random: Random, facts: tuple[FactSpec, ...]) -> tuple[Test, ...]:
    """One to three conditions on different facts."""
    chosen = random.sample(facts, k=random.randint(1, min(3, len(facts))))
    return ordered(facts, {spec.name: condition(random, spec) for spec in chosen})


def ordered(facts: tuple[FactSpec, ...], tests: dict[str, Test]) -> tuple[Test, ...]:
    """Conditions in the order the facts are declared, as the reader gives them."""
    return tuple(tests[spec.name] for spec in facts if spec.name in tests)


def drawn_clause(
    random: Random, clause_id: str, when: tuple[Test, ...], outcomes: tuple[Outcome, ...], costs: dict[str, int]
) -> Clause:
    """A clause for a situation, everything else drawn; no exceptions yet."""
    outcome = random.choice([*outcomes, *(each for each in outcomes if each in REFUNDS)])
    needs = tuple(code for code in costs if random.random() < 0.4)
    return Clause(
        id=clause_id,
        name=f"条款 {clause_id}",
        name_en=random.choice(("", f"Clause {clause_id}")),
        when=when,
        outcome=outcome,
        needs=needs,
        optional=tuple(code for code in costs if code not in needs and random.random() < 0.2),
        amount=_amount(random, outcome),
        automatic=outcome in REFUNDS and random.random() < 0.4,
        text=random.choice(("", f"{clause_id}：符合条件的按此处理。")),
    )


def drawn_extra(random: Random, extra_id: str, facts: tuple[FactSpec, ...]) -> Extra:
    """A flag, or that no person is needed, in a drawn situation."""
    flag = random.choice((None, None, *Flag))
    return Extra(extra_id, f"附加 {extra_id}", situation(random, facts), flag=flag, automatic=flag is None)


def _amount(random: Random, outcome: Outcome) -> AmountRule | None:
    if outcome not in REFUNDS:
        return None
    if random.random() < 0.5:  # the usual rule, so that clauses of the same answer are common
        return AmountRule(Basis.FULL if outcome is Outcome.FULL else Basis.UNITS)
    return AmountRule(
        basis=Basis.FULL if outcome is Outcome.FULL else random.choice((Basis.UNITS, Basis.TIME, Basis.PROMISED)),
        fee_returned=random.random() < 0.6,
        rounding=random.choice((Rounding.FAVOUR_BUYER, Rounding.FAVOUR_PLATFORM)),
        cap_minor=random.choice((None, None, 50_00, 123_45)),
    )
