"""A large policy as a platform would write it, for timing what the checks and the batch take."""

from __future__ import annotations

from random import Random

import msgspec

from huiliu.bench.policy_parts import condition, drawn_clause, drawn_extra, ordered
from huiliu.policy.identity import sealed
from huiliu.policy.model import (
    DAY_SECONDS,
    Clause,
    FactKind,
    FactSpec,
    Outcome,
    Party,
    Policy,
    Range,
    Test,
    Trend,
)
from huiliu.policy.words import EVIDENCE

NEEDS_MAX = 3


def structured(random: Random, *, clauses: int = 200, facts: int = 12) -> Policy:
    """A large policy as a platform would write it: per reason and product bands of time and use, then exceptions."""
    specs = _facts(random, facts)
    reasons, kinds = specs[0].values, specs[1].values
    costs = {code: random.randint(1, 5) for code in sorted(EVIDENCE.values())}
    bases: list[Clause] = []
    exceptions = max(1, clauses // 5)
    per_pair = max(1, -(-(clauses - exceptions) // (len(reasons) * len(kinds))))
    for reason in reasons:
        for kind in kinds:
            for band in _bands(random, specs[2].domain, per_pair):
                when = [Test(specs[0].name, (reason,)), Test(specs[1].name, (kind,)), Test(specs[2].name, (), (band,))]
                bases.append(_clause(random, f"F{len(bases) + 1}", tuple(when), costs))
    bases = bases[: clauses - exceptions]
    made_so_far = list(bases)
    for i in range(clauses - len(bases)):
        base = random.choice(bases)
        rest = random.sample(specs[3:], k=min(len(specs) - 3, random.randint(1, 3)))
        tests = {test.fact: test for test in base.when[: random.choice((1, 2, 2, 3))]}
        tests |= {spec.name: condition(random, spec) for spec in rest}
        when = ordered(specs, tests)
        meets = tuple(other.id for other in bases if all(test in when for test in other.when[: len(tests) - len(rest)]))
        fresh = _clause(random, f"E{i + 1}", when, costs)
        made_so_far.append(msgspec.structs.replace(fresh, exception_to=meets))
    return sealed(
        Policy(
            name="结构化政策",
            id="structured",
            label="1",
            facts=specs,
            outcomes=tuple(Outcome),
            clauses=tuple(made_so_far),
            costs=costs,
            extras=(drawn_extra(random, "A1", specs),),
        )
    )


def _clause(random: Random, clause_id: str, when: tuple[Test, ...], costs: dict[str, int]) -> Clause:
    """With as much evidence as a buyer can be asked for: three kinds at most."""
    drawn = drawn_clause(random, clause_id, when, tuple(Outcome), costs)
    needs = tuple(sorted(random.sample(list(costs), k=random.randint(0, NEEDS_MAX))))
    return msgspec.structs.replace(drawn, needs=needs, optional=())


def _facts(random: Random, number: int) -> tuple[FactSpec, ...]:
    """The three facts that every clause of a structured policy is about, then as many more as asked for."""
    specs = [
        FactSpec("退款原因", FactKind.ENUM, values=("充值错误", "充值未到账", "服务未达标", "描述不符", "不想要了")),
        FactSpec("商品类型", FactKind.ENUM, values=("直充", "卡密", "会员", "代练")),
        FactSpec(
            "下单时长",
            FactKind.DURATION,
            domain=Range(0, 180 * DAY_SECONDS),
            trend=random.choice((None, Trend.LARGER_WORSE)),
        ),
        FactSpec(
            "使用情况",
            FactKind.ENUM,
            values=("未使用", "部分使用", "已使用"),
            burden=Party.PLATFORM,
            presumed="未使用",
            proven_by=("consumption_record",),
        ),
        FactSpec("金额", FactKind.AMOUNT, domain=Range(1, 1_000_000_00)),
        FactSpec("曾伪造凭证", FactKind.BOOLEAN),
        FactSpec("交付状态", FactKind.ENUM, values=("待交付", "处理中", "已交付", "交付失败")),
        FactSpec("购买时确认", FactKind.BOOLEAN),
    ]
    for i in range(len(specs), number):
        if i % 2:
            specs.append(FactSpec(f"计数{i}", FactKind.COUNT, domain=Range(0, 1_000)))
        else:
            specs.append(FactSpec(f"情形{i}", FactKind.ENUM, values=("甲", "乙", "丙")))
    return tuple(specs[: max(4, number)])


def _bands(random: Random, domain: Range, number: int) -> list[Range]:
    """The whole of a domain in bands that meet: no gap, no overlap."""
    assert domain.low is not None, "made facts have a domain"
    assert domain.high is not None, "made facts have a domain"
    hours = sorted(random.sample(range(1, domain.high // 3_600), k=number - 1))
    starts = [domain.low, *(hour * 3_600 + 1 for hour in hours)]
    return [
        Range(start, end)
        for start, end in zip(starts, [*(start - 1 for start in starts[1:]), domain.high], strict=True)
    ]
