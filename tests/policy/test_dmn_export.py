"""A policy written as a DMN table: its first matching rule answers as the policy does, for every case."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings

from huiliu.bench.policy_maker import made
from huiliu.bench.policy_parts import repeatable
from huiliu.kit.text import Lang
from huiliu.policy.dmn.feel import Value, parse_unary
from huiliu.policy.dmn.lint import lint_dmn
from huiliu.policy.dmn.model import NotExportable
from huiliu.policy.dmn.order import OrderError, first_match_list
from huiliu.policy.dmn.policy_of import policy_of
from huiliu.policy.dmn.read import read_dmn
from huiliu.policy.dmn.write import NAMESPACE, write_dmn
from huiliu.policy.evaluate import judge
from huiliu.policy.lint.findings import FindingCode
from huiliu.policy.model import FactKind, Facts, FactSpec, FactValue, Outcome, Policy
from huiliu.policy.parse import parse_policy
from huiliu.policy.table import box_of, table_of
from huiliu.policy.wording import problem_words
from huiliu.policy.words import OUTCOMES
from tests.policy.files import demo, example, small
from tests.policy.test_properties import CASES, policies

MADE = 150
CELLS_MAX = 60
ALL_KNOWN = [facts for facts in CASES if facts.proven]

# A before B before C, and C before A: A alone is worse for the buyer than C, but B strikes C out although A strikes B out.
CIRCLE = """
  - {编号: C, 名称: 丙, 当: {次数: 8次以下}, 则: 全额退款}
  - {编号: B, 名称: 乙, 当: {次数: 2次以上}, 则: 按未用比例退款, 例外于: [C]}
  - {编号: A, 名称: 甲, 当: {退款原因: 充值错误}, 则: 拒绝, 例外于: [B]}
"""


def of(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def texts(parent: Element, name: str) -> list[str]:
    return [found.findtext(of("text")) or "" for found in parent.iter(of(name))]


def rules_of(source: bytes) -> tuple[list[str], list[tuple[list[str], list[str]]], list[str]]:
    """The inputs' names, each rule's cells and outputs, and the defaults, straight from the XML."""
    root = fromstring(source)
    names = [found.findtext(of("text")) or "" for found in root.iter(of("inputExpression"))]
    rules = [(texts(rule, "inputEntry"), texts(rule, "outputEntry")) for rule in root.iter(of("rule"))]
    return names, rules, texts(root, "defaultOutputEntry")


def feel_value(spec: FactSpec, value: FactValue) -> Value:
    """A fact's value as DMN has it: seconds, yuan, a count."""
    if isinstance(value, str | bool):
        return value
    return Fraction(value, 100 if spec.kind is FactKind.AMOUNT else 1)


def first_match(policy: Policy, source: bytes, facts: Facts) -> tuple[Outcome, str]:
    """(outcome, clause) by trying the cells in order: an engine of ten lines."""
    names, rules, defaults = rules_of(source)
    values = {spec.name: feel_value(spec, facts.values[spec.name]) for spec in policy.facts}
    outputs = next(
        (
            out
            for cells, out in rules
            if all(parse_unary(c).holds(values[n]) for n, c in zip(names, cells, strict=True))
        ),
        defaults,
    )
    return OUTCOMES[outputs[0].strip('"')], outputs[1].strip('"')


def assert_same(policy: Policy, source: bytes, facts: Facts) -> None:
    verdict = judge(policy, facts, frozenset())
    outcome, clause = first_match(policy, source, facts)
    chosen = policy.clause(clause)
    assert outcome is verdict.outcome
    assert (chosen.amount if chosen else None) == verdict.amount
    assert bool(chosen) == bool(verdict.clause)


@settings(max_examples=50, deadline=None)
@given(policies())
def test_the_first_matching_rule_answers_as_the_policy_does(policy: Policy) -> None:
    source = write_dmn(policy)
    names, rules, defaults = rules_of(source)
    cells = [([parse_unary(cell) for cell in row], out) for row, out in rules]
    for facts in ALL_KNOWN:
        values = {spec.name: feel_value(spec, facts.values[spec.name]) for spec in policy.facts}
        matched = (out for row, out in cells if all(c.holds(values[n]) for n, c in zip(names, row, strict=True)))
        outputs = next(matched, defaults)
        verdict = judge(policy, facts, frozenset())
        chosen = policy.clause(outputs[1].strip('"'))

        assert OUTCOMES[outputs[0].strip('"')] is verdict.outcome
        assert (chosen.amount if chosen else None) == verdict.amount


def test_the_list_of_a_made_policy_answers_as_it_does_and_is_refused_only_where_all_is_struck_out() -> None:
    split = 0
    refused: list[tuple[str, set[str], set[str]]] = []
    for seed in range(MADE):
        policy = made(repeatable(seed))
        axes = table_of(policy).axes
        bases = {clause.id: clause.exception_to for clause in policy.clauses}
        grid = list(itertools.islice(itertools.product(*(range(len(axis.samples)) for axis in axes)), CELLS_MAX))
        try:
            entries = first_match_list(policy)
        except OrderError as error:
            refused.append((error.reason, set(error.clauses), {base for name in error.clauses for base in bases[name]}))
            continue
        split += any(len(entry.meeting) > 1 for entry in entries)
        places = [box_of(axes, entry.when, policy) for entry in entries]
        for cell in grid:
            facts = {axis.fact: axis.samples[i] for axis, i in zip(axes, cell, strict=True)}
            verdict = judge(policy, Facts(facts, frozenset(facts)), frozenset())
            matched = (e.decides for e, box in zip(entries, places, strict=True) if _holds(box, cell))
            found = next(matched, None)
            assert (found and (found.outcome, found.amount)) == (verdict.clause and (verdict.outcome, verdict.amount))
    assert split > 0
    assert refused
    assert all(reason == "all_struck_out" and clauses <= struck for reason, clauses, struck in refused)


def _holds(box: tuple[int, ...], cell: tuple[int, ...]) -> bool:
    return all(mask >> i & 1 for mask, i in zip(box, cell, strict=True))


@settings(max_examples=40, deadline=None)
@given(policies())
def test_an_export_read_back_and_made_a_policy_again_answers_alike(policy: Policy) -> None:
    again = parse_policy(policy_of(read_dmn(write_dmn(policy))))

    for facts in ALL_KNOWN:
        assert judge(again, facts, frozenset()).outcome is judge(policy, facts, frozenset()).outcome


@pytest.mark.parametrize("policy", [example(), demo()], ids=["example", "demo"])
def test_the_published_policies_answer_alike_in_every_cell(policy: Policy) -> None:
    source = write_dmn(policy)
    axes = table_of(policy).axes
    again = parse_policy(policy_of(read_dmn(source)))

    assert (again.name, again.id) == (policy.name, policy.id)
    for number in range(400):
        picked = {axis.fact: axis.samples[number * (7 + i) % len(axis.samples)] for i, axis in enumerate(axes)}
        facts = Facts(picked, frozenset(picked))
        assert_same(policy, source, facts)
        verdict, back = judge(policy, facts, frozenset()), judge(again, facts, frozenset())
        assert (back.outcome, back.clause and back.clause.id) == (verdict.outcome, verdict.clause and verdict.clause.id)
        assert set(back.missing) == set(verdict.missing)


@settings(max_examples=60, deadline=None)
@given(policies())
def test_an_export_has_a_gap_exactly_where_the_policy_leaves_a_case_to_a_person(policy: Policy) -> None:
    dmn = read_dmn(write_dmn(policy))
    gaps = [finding for finding in lint_dmn(dmn) if finding.code is FindingCode.GAP]

    uncovered = [facts for facts in ALL_KNOWN if judge(policy, facts, frozenset()).clause is None]

    assert bool(gaps) == bool(uncovered)


def test_clauses_that_no_order_can_hold_are_split_where_they_meet() -> None:
    policy = parse_policy(small(CIRCLE))

    entries = first_match_list(policy)

    assert [(entry.decides.id, entry.meeting) for entry in entries if len(entry.meeting) > 1]
    source = write_dmn(policy)
    for reason in ("充值错误", "不想要了"):
        for count in range(11):
            assert_same(policy, source, Facts({"退款原因": reason, "下单时长": 0, "次数": count}))


def test_a_circle_in_which_everything_is_struck_out_is_refused_with_its_clauses() -> None:
    circle = """
  - {编号: A, 名称: 甲, 当: {次数: 5次以上}, 则: 全额退款, 例外于: [B]}
  - {编号: B, 名称: 乙, 当: {退款原因: 充值错误}, 则: 拒绝, 例外于: [A]}
"""
    with pytest.raises(NotExportable) as caught:
        write_dmn(parse_policy(small(circle)))

    assert caught.value.facts["reason"] == "all_struck_out"
    assert all("A" in problem_words(lang, caught.value.problems[0]) for lang in Lang)


def test_bounds_of_whole_seconds_and_cents_touch_in_dense_numbers() -> None:
    clauses = """
  - {编号: A, 名称: 甲, 当: {下单时长: 1小时以内, 次数: 3次以下}, 则: 全额退款}
  - {编号: B, 名称: 乙, 当: {下单时长: 超过1小时, 次数: 3次以下}, 则: 拒绝}
  - {编号: C, 名称: 丙, 当: {次数: 4次以上}, 则: 拒绝}
"""
    source = write_dmn(parse_policy(small(clauses)))

    _, rules, _ = rules_of(source)

    ages = {out[1]: cells[1] for cells, out in rules}
    assert (ages['"A"'], ages['"B"']) == ('<= duration("PT1H")', '> duration("PT1H")')
    assert lint_dmn(read_dmn(source)) == ()


def test_amounts_are_yuan_and_are_cents_again_when_they_come_back() -> None:
    clauses = """
  - {编号: A, 名称: 甲, 当: {金额: 500元以上, 下单时长: [1小时以内, 超过1天]}, 则: 全额退款}
  - {编号: B, 名称: 乙, 当: {金额: [0.05元以下, 12.34元以上且不满500元]}, 则: 拒绝}
"""
    policy = parse_policy(small(clauses).replace("次数: {计数: [0, 10]}", "金额: {金额: [0.01元, 1000元]}"))
    source = write_dmn(policy)

    names, rules, _ = rules_of(source)
    text = policy_of(read_dmn(source))

    amount = names.index("金额")
    assert [cells[amount] for cells, _ in rules] == [">= 500", "< 0.06,[12.34..500)"]
    assert '"金额": ["不满0.06元", "12.34元以上且不满500元"]' in text
    assert '"下单时长": ["1小时以内", "超过1天"]' in text
    assert [clause.when[-1].ranges for clause in parse_policy(text).clauses] == [
        c.when[-1].ranges for c in policy.clauses
    ]


def test_neighbouring_cells_become_one_range() -> None:
    assert '"下单时长": "超过1小时"' in policy_of(read_dmn(write_dmn(example())))


ORDER = {
    "definitions": ["itemDefinition", "inputData", "decision"],
    "inputData": ["description", "variable"],
    "decision": ["description", "variable", "informationRequirement", "decisionTable"],
    "decisionTable": ["input", "output", "annotation", "rule"],
    "input": ["inputExpression", "inputValues"],
    "output": ["outputValues", "defaultOutputEntry"],
    "rule": ["inputEntry", "outputEntry", "annotationEntry"],
}
"""The sequences of the schema of DMN 1.3, as far as an export uses them."""
WITHOUT_ID = {"description", "requiredInput", "annotation", "annotationEntry", "text", "typeRef"}


def test_an_export_has_the_structure_of_the_schema() -> None:
    root = fromstring(write_dmn(demo()))
    ids: list[str] = []

    for element in root.iter():
        name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        children = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
        if name in ORDER:
            assert children == sorted(children, key=ORDER[name].index)
        assert ("id" in element.attrib) == (name not in WITHOUT_ID)
        ids += [element.attrib["id"]] if "id" in element.attrib else []
        if name in ("definitions", "decision", "inputData", "variable"):
            assert element.attrib["name"]
        if name in ("input", "output"):
            assert element.attrib["label"]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", each) for each in ids)
    assert {each.attrib["href"].removeprefix("#") for each in root.iter(of("requiredInput"))} <= set(ids)
    table = next(root.iter(of("decisionTable")))
    widths = {(len(texts(rule, "inputEntry")), len(texts(rule, "outputEntry"))) for rule in root.iter(of("rule"))}
    assert widths == {(len(table.findall(of("input"))), len(table.findall(of("output"))))}
