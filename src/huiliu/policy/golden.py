"""样例: examples that are kept with a policy and judged at every publication, so that a slip of the pen is seen."""

from __future__ import annotations

import msgspec

from huiliu.policy.clauses import COSTS_MAX
from huiliu.policy.conditions import read_value
from huiliu.policy.document import Mapping, Node, Report, Scalar
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import PROVEN_KEYS
from huiliu.policy.model import (
    Clause,
    Expectation,
    Facts,
    FactSpec,
    FactValue,
    GoldenCase,
    Outcome,
    Policy,
    Verdict,
)
from huiliu.policy.reader import read_items, read_section, read_text, read_word
from huiliu.policy.words import FACTS, OUTCOMES, canonical, slot_code

GOLDEN_MAX = 200
NAME_CHARS_MAX = 60
PROVEN_MAX = 32


class GoldenResult(msgspec.Struct, frozen=True):
    """One golden case and what the policy says of it now."""

    case: GoldenCase
    verdict: Verdict
    holds: bool


def judge_golden(policy: Policy, cases: tuple[GoldenCase, ...] | None = None) -> tuple[GoldenResult, ...]:
    """Judge the policy's own golden cases, or another version's."""
    results: list[GoldenResult] = []
    for case in policy.golden if cases is None else cases:
        verdict = judge(policy, case.facts, frozenset(case.evidence))
        results.append(GoldenResult(case, verdict, _meets(case.expect, verdict)))
    return tuple(results)


def read_golden(
    report: Report, node: Node | None, facts: dict[str, FactSpec], clauses: dict[str, Clause], costs: dict[str, int]
) -> tuple[GoldenCase, ...]:
    """Every golden case in file order."""
    cases: list[GoldenCase] = []
    for item in read_items(report, node, items_max=GOLDEN_MAX):
        section = read_section(report, item, "case", required=("名称", "事实", "应当"))
        name = read_text(report, section.get("名称"), chars_max=NAME_CHARS_MAX)
        if any(name == case.name for case in cases):
            report.add(item.place, "duplicate_value", word=name)
        facts_node = section.get("事实")
        expect_node = section.get("应当")
        cases.append(
            GoldenCase(
                name=name,
                facts=Facts({}) if facts_node is None else _read_facts(report, facts_node, facts),
                evidence=_read_evidence(report, section.get("凭证"), costs),
                expect=Expectation(Outcome.PERSON)
                if expect_node is None
                else _read_expectation(report, expect_node, clauses, costs),
            )
        )
    return tuple(cases)


def _meets(expect: Expectation, verdict: Verdict) -> bool:
    clause = "" if verdict.clause is None else verdict.clause.id
    return (
        verdict.outcome is expect.outcome
        and expect.clause in (None, clause)
        and (expect.missing is None or set(expect.missing) == set(verdict.missing))
    )


def _read_facts(report: Report, node: Node, specs: dict[str, FactSpec]) -> Facts:
    if not isinstance(node, Mapping):
        report.add(node.place, "not_mapping")
        return Facts({})
    values: dict[str, FactValue] = {}
    proven: set[str] = set()
    for key, value in node.entries:
        name = canonical(FACTS, key.text) or key.text
        spec = specs.get(name)
        if key.text in PROVEN_KEYS:
            for item in read_items(report, value, items_max=PROVEN_MAX):
                word = read_text(report, item, chars_max=NAME_CHARS_MAX)
                fact = canonical(FACTS, word) or word
                if fact not in specs:
                    report.add(item.place, "fact_undeclared", word=word)
                proven.add(fact)
        elif spec is None:
            report.add(key.place, "fact_undeclared", word=key.text[:40])
        elif name in values:
            report.add(key.place, "duplicate_key", word=key.text[:40])
        else:
            read = read_value(report, value, spec)
            if read is not None:
                values[name] = read
    return Facts(values, frozenset(proven))


def _read_expectation(report: Report, node: Node, clauses: dict[str, Clause], costs: dict[str, int]) -> Expectation:
    if isinstance(node, Scalar):
        return Expectation(read_word(report, node, dict(OUTCOMES), Outcome.PERSON))
    section = read_section(report, node, "expect", required=("结果",))
    clause_node = section.get("条款")
    clause = None if clause_node is None else read_text(report, clause_node, chars_max=NAME_CHARS_MAX)
    if clause and clause_node is not None and clause not in clauses:
        report.add(clause_node.place, "bad_override", word=clause)
    missing = section.get("缺")
    return Expectation(
        outcome=read_word(report, section.get("结果"), dict(OUTCOMES), Outcome.PERSON),
        clause=clause,
        missing=None if missing is None else _read_evidence(report, missing, costs),
    )


def _read_evidence(report: Report, node: Node | None, costs: dict[str, int]) -> tuple[str, ...]:
    codes: list[str] = []
    for item in read_items(report, node, items_max=COSTS_MAX):
        word = read_text(report, item, chars_max=NAME_CHARS_MAX)
        code = slot_code(word) or word
        if code not in costs:
            report.add(item.place, "evidence_undeclared", word=word)
        elif code not in codes:
            codes.append(code)
    return tuple(codes)
