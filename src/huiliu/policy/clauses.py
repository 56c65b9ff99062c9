"""Clauses and extras out of a policy file, and what only holds between clauses: references, cycles, money."""

from __future__ import annotations

import re
from typing import final

from huiliu.policy.conditions import read_when
from huiliu.policy.document import Node, Place, Report, Scalar
from huiliu.policy.model import REFUNDS, AmountRule, Basis, Clause, Extra, FactSpec, Flag, Outcome, Test
from huiliu.policy.quantities import amount_minor
from huiliu.policy.reader import Section, read_items, read_number, read_section, read_text, read_word
from huiliu.policy.words import BASES, BOOLEANS, FEES, FLAGS, OUTCOMES, ROUNDINGS, slot_code

CLAUSES_MAX = 500
EXTRAS_MAX = 50
COSTS_MAX = 32
"""Kinds of evidence one policy may name."""
NAME_CHARS_MAX = 60
CLAUSE_TEXT_CHARS_MAX = 400
_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,15}")
_BOOLEANS = {**BOOLEANS, "true": "yes", "false": "no"}


@final
class Drafts:
    """What clauses are read against, and the clauses so far by id, in file order, with their places."""

    def __init__(self, *, facts: dict[str, FactSpec], costs: dict[str, int], outcomes: tuple[Outcome, ...]) -> None:
        self.facts = facts
        self.costs = costs
        self.outcomes = outcomes
        self.clauses: dict[str, Clause] = {}
        self.places: dict[str, Place] = {}


def read_clauses(report: Report, node: Node | None, drafts: Drafts) -> None:
    """Every clause of the policy itself."""
    if node is not None and not read_clause_list(report, node, drafts) and not report.problems:
        report.add(node.place, "clauses_empty")


def read_clause_list(report: Report, node: Node | None, drafts: Drafts) -> tuple[str, ...]:
    """The clauses of one list, put into `drafts`; their ids."""
    ids: list[str] = []
    for item in read_items(report, node, items_max=CLAUSES_MAX):
        section = read_section(report, item, "clause", required=("编号", "名称", "当", "则"))
        clause = _read_clause(report, section, drafts)
        if clause.id in drafts.clauses:
            report.add(item.place, "duplicate_id", word=clause.id)
        elif len(drafts.clauses) >= CLAUSES_MAX:
            report.add(item.place, "too_many", limit=CLAUSES_MAX)
        elif clause.id:
            drafts.clauses[clause.id] = clause
            drafts.places[clause.id] = item.place
            ids.append(clause.id)
    return tuple(ids)


def check_exceptions(report: Report, drafts: Drafts) -> None:
    """References must exist, and nobody may be an exception to itself. A circle of several is for the lint to show."""
    for clause in drafts.clauses.values():
        for name in clause.exception_to:
            if name == clause.id or name not in drafts.clauses:
                report.add(drafts.places[clause.id], "bad_exception", word=name)


def read_extras(report: Report, node: Node | None, *, facts: dict[str, FactSpec], taken: set[str]) -> tuple[Extra, ...]:
    """附加: what a situation adds to whatever clause applies."""
    extras: list[Extra] = []
    for item in read_items(report, node, items_max=EXTRAS_MAX):
        section = read_section(report, item, "extra", required=("编号", "名称", "当"))
        add = section.get("加")
        extra = Extra(
            id=_read_id(report, section),
            name=read_text(report, section.get("名称"), chars_max=NAME_CHARS_MAX),
            name_en=read_text(report, section.get("名称英文"), chars_max=NAME_CHARS_MAX),
            when=_read_when(report, section, facts),
            flag=None if add is None else read_word(report, add, dict(FLAGS), Flag.RISK_REVIEW),
            automatic=_read_boolean(report, section.get("自动")),
        )
        if section.fields and (extra.flag is None) == (not extra.automatic):
            report.add(item.place, "extra_adds_nothing")
        if extra.id in taken or any(extra.id == other.id for other in extras):
            report.add(item.place, "duplicate_id", word=extra.id)
        extras.append(extra)
    return tuple(extras)


def _read_clause(report: Report, section: Section, drafts: Drafts) -> Clause:
    then = section.get("则")
    outcome = read_word(report, then, dict(OUTCOMES), Outcome.PERSON)
    if then is not None and outcome not in drafts.outcomes:
        report.add(then.place, "outcome_unranked", word=outcome.value)
    automatic = _read_boolean(report, section.get("自动"))
    if automatic and outcome not in REFUNDS:
        report.add(section.fields["自动"].place, "automatic_without_refund")
    needs = _read_evidence(report, section.get("需"), drafts.costs)
    optional = _read_evidence(report, section.get("可附"), drafts.costs)
    if set(needs) & set(optional):
        report.add(section.fields["可附"].place, "needed_and_optional")
    return Clause(
        id=_read_id(report, section),
        name=read_text(report, section.get("名称"), chars_max=NAME_CHARS_MAX),
        name_en=read_text(report, section.get("名称英文"), chars_max=NAME_CHARS_MAX),
        when=_read_when(report, section, drafts.facts),
        outcome=outcome,
        needs=needs,
        optional=optional,
        exception_to=_read_references(report, section.get("例外于")),
        amount=_read_amount(report, section.get("金额"), outcome),
        automatic=automatic,
        text=read_text(report, section.get("说明"), chars_max=CLAUSE_TEXT_CHARS_MAX),
        text_en=read_text(report, section.get("说明英文"), chars_max=CLAUSE_TEXT_CHARS_MAX),
    )


def _read_id(report: Report, section: Section) -> str:
    node = section.get("编号")
    if node is None:
        return ""
    if isinstance(node, Scalar) and _ID.fullmatch(node.text):
        return node.text
    report.add(node.place, "bad_clause_id")
    return ""


def _read_when(report: Report, section: Section, facts: dict[str, FactSpec]) -> tuple[Test, ...]:
    node = section.get("当")
    return () if node is None else read_when(report, node, facts)


def _read_boolean(report: Report, node: Node | None) -> bool:
    if node is None:
        return False
    if isinstance(node, Scalar):
        word = node.text.lower()
        if word in _BOOLEANS or word in _BOOLEANS.values():
            return _BOOLEANS.get(word, word) == "yes"
    report.add(node.place, "not_boolean", word=node.text[:40] if isinstance(node, Scalar) else "")
    return False


def _read_evidence(report: Report, node: Node | None, costs: dict[str, int]) -> tuple[str, ...]:
    """Slot codes in file order. A slot without a declared cost could not be weighed against another."""
    codes: list[str] = []
    for item in read_items(report, node, items_max=COSTS_MAX):
        word = read_text(report, item, chars_max=NAME_CHARS_MAX)
        code = slot_code(word) or word
        if code and code not in costs:
            report.add(item.place, "evidence_undeclared", word=word)
        elif code in codes:
            report.add(item.place, "duplicate_value", word=word)
        elif code:
            codes.append(code)
    return tuple(codes)


def _read_references(report: Report, node: Node | None) -> tuple[str, ...]:
    names: list[str] = []
    for item in read_items(report, node, items_max=CLAUSES_MAX):
        name = read_text(report, item, chars_max=NAME_CHARS_MAX)
        if name in names:
            report.add(item.place, "duplicate_value", word=name)
        elif name:
            names.append(name)
    return tuple(names)


def _read_amount(report: Report, node: Node | None, outcome: Outcome) -> AmountRule | None:
    """How much; by default everything for a full refund, by units for a partial one, the fee returned either way."""
    usual = {Outcome.FULL: Basis.FULL, Outcome.PART: Basis.UNITS}.get(outcome)
    if node is None:
        return None if usual is None else AmountRule(usual)
    if usual is None:
        report.add(node.place, "amount_without_refund")
        return None
    section = read_section(report, node, "amount")
    basis = read_word(report, section.get("按"), dict(BASES), usual)
    if (basis is Basis.FULL) != (outcome is Outcome.FULL):
        report.add(node.place, "amount_basis")
    cap_node = section.get("上限")
    cap = read_number(report, cap_node, amount_minor, code="not_amount", default=None)
    if cap_node is not None and cap == 0:
        report.add(cap_node.place, "not_amount", word="0")
    return AmountRule(
        basis=basis,
        fee_returned=read_word(report, section.get("手续费"), dict(FEES), "returned") == "returned",
        rounding=read_word(report, section.get("舍入"), dict(ROUNDINGS), ROUNDINGS["有利买家"]),
        cap_minor=cap,
    )
