"""A policy file in Chinese or English keys, read into a `Policy`, or refused with every place and reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from huiliu.policy.clauses import COSTS_MAX, Drafts, check_exceptions, read_clauses, read_extras
from huiliu.policy.conditions import read_value
from huiliu.policy.document import Mapping, Node, Place, Report, Scalar, read_document
from huiliu.policy.golden import read_golden
from huiliu.policy.identity import sealed
from huiliu.policy.model import (
    DAY_SECONDS,
    FactKind,
    FactSpec,
    Limits,
    Outcome,
    Party,
    Policy,
    Range,
)
from huiliu.policy.overrides import read_overrides
from huiliu.policy.quantities import count, quantity
from huiliu.policy.quotas import read_limits
from huiliu.policy.reader import Section, read_items, read_number, read_section, read_text, read_word
from huiliu.policy.words import (
    CONFLICTS,
    EVIDENCE,
    FACTS,
    KINDS,
    NO_CLAUSES,
    OTHER_PRODUCT,
    OUTCOMES,
    PARTIES,
    PRODUCT,
    RECORDS,
    TRENDS,
    VALUES,
    canonical,
    slot_code,
)

NAME_CHARS_MAX = 60
TEXT_CHARS_MAX = 500
LABEL_CHARS_MAX = 30
ENUM_WORDS_MAX = 64
FACTS_MAX = 32
COST_MAX = 100
PROOFS_MAX = 16

_DEFAULT_DOMAINS = {
    FactKind.DURATION: Range(0, 180 * DAY_SECONDS),
    FactKind.AMOUNT: Range(1, 10_000_000_00),
    FactKind.COUNT: Range(0, 1_000_000),
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class PlacedPolicy(msgspec.Struct, frozen=True):
    """A policy and where in its file each clause and each section stands, for whoever points at it."""

    policy: Policy
    clauses: dict[str, Place]
    sections: dict[str, Place]
    """By the section's Chinese key."""


def parse_policy(source: str | bytes) -> Policy:
    """Read a policy file. Raises PolicyError, whose `problems` carry line, column and what is wrong."""
    return place_policy(source).policy


def place_policy(source: str | bytes) -> PlacedPolicy:
    """Read a policy file and keep the places of its clauses and sections. Raises PolicyError as `parse_policy` does."""
    report = Report()
    root = read_document(source)
    section = read_section(report, root, "policy", required=("策略", "编号", "版本", "事实", "条款"))
    drafts = Drafts(
        facts=_read_facts(report, section.get("事实")),
        costs=_read_costs(report, section.get("凭证")),
        outcomes=_read_outcomes(report, section.get("结果")),
    )
    read_clauses(report, section.get("条款"), drafts)
    limits = read_limits(report, section.get("限制"), Limits())
    overrides = read_overrides(report, section.get("按商品"), drafts, limits)
    check_exceptions(report, drafts)
    _check_fallback(report, section.get("兜底"))
    policy = Policy(
        name=read_text(report, section.get("策略"), chars_max=NAME_CHARS_MAX),
        name_en=read_text(report, section.get("名称英文"), chars_max=NAME_CHARS_MAX),
        text=read_text(report, section.get("说明"), chars_max=TEXT_CHARS_MAX),
        text_en=read_text(report, section.get("说明英文"), chars_max=TEXT_CHARS_MAX),
        id=_read_id(report, section),
        label=read_text(report, section.get("版本"), chars_max=LABEL_CHARS_MAX),
        effective_from=_read_instant(report, section.get("生效")),
        facts=tuple(drafts.facts.values()),
        costs=drafts.costs,
        outcomes=drafts.outcomes,
        clauses=tuple(drafts.clauses.values()),
        extras=read_extras(report, section.get("附加"), facts=drafts.facts, taken=set(drafts.clauses)),
        limits=limits,
        overrides=overrides,
        golden=read_golden(report, section.get("样例"), drafts.facts, drafts.clauses, drafts.costs),
    )
    if report.problems:
        raise report.error()
    places = {key: field.place for key, field in section.fields.items()}
    return PlacedPolicy(sealed(policy), drafts.places, places)


def _read_id(report: Report, section: Section) -> str:
    node = section.get("编号")
    text = read_text(report, node, chars_max=LABEL_CHARS_MAX)
    if text and node is not None and not _ID.fullmatch(text):
        report.add(node.place, "bad_id", word=text)
    return text


def _read_instant(report: Report, node: Node | None) -> datetime | None:
    """An instant needs its offset: 'midnight' without one is a day of dispute."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        try:
            found = datetime.fromisoformat(node.text)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    report.add(node.place, "bad_instant")
    return None


def _check_fallback(report: Report, node: Node | None) -> None:
    """Only the lawful answers may be written: never a silent refusal, and doubt goes to the buyer (Civil Code 498)."""
    if node is None:
        return
    section = read_section(report, node, "fallback")
    read_word(report, section.get("无条款"), dict(NO_CLAUSES), Outcome.PERSON)
    read_word(report, section.get("条款冲突"), dict(CONFLICTS), "favour_buyer")


def _read_facts(report: Report, node: Node | None) -> dict[str, FactSpec]:
    facts: dict[str, FactSpec] = {}
    if node is None:
        return facts
    if not isinstance(node, Mapping) or not 1 <= len(node.entries) <= FACTS_MAX:
        report.add(node.place, "facts_number", limit=FACTS_MAX)
        return facts
    for key, value in node.entries:
        name = canonical(FACTS, key.text) or key.text
        if not name or len(name) > NAME_CHARS_MAX:
            report.add(key.place, "text_length", limit=NAME_CHARS_MAX)
        elif name in facts:
            report.add(key.place, "duplicate_key", word=key.text[:40])
        else:
            spec = _read_fact(report, name, value)
            if spec is not None:
                facts[name] = spec
    return facts


def _read_fact(report: Report, name: str, node: Node) -> FactSpec | None:
    section = read_section(report, node, "fact")
    kinds = [word for word in KINDS if word in section.fields]
    if len(kinds) != 1:
        if section.fields or not report.problems:
            report.add(node.place, "fact_kind", choices="、".join(KINDS))
        return None
    kind = KINDS[kinds[0]]
    body = section.fields[kinds[0]].node
    values = _read_enum(report, name, body) if kind is FactKind.ENUM else ()
    values_en = _read_enum_en(report, section.get("枚举英文"), values)
    if name == PRODUCT and OTHER_PRODUCT not in values:
        values, values_en = (*values, OTHER_PRODUCT), (*values_en, "other products") if values_en else ()
    spec = FactSpec(
        name=name,
        kind=kind,
        name_en=read_text(report, section.get("名称英文"), chars_max=NAME_CHARS_MAX),
        values=values,
        values_en=values_en,
        domain=_read_domain(report, body, kind),
        trend=None
        if section.get("单调") is None
        else read_word(report, section.get("单调"), dict(TRENDS), TRENDS["越大越差"]),
    )
    return _with_burden(report, section, spec)


def _read_enum(report: Report, name: str, node: Node) -> tuple[str, ...]:
    words: list[str] = []
    for item in read_items(report, node, items_max=ENUM_WORDS_MAX):
        word = read_text(report, item, chars_max=NAME_CHARS_MAX)
        word = canonical(VALUES.get(name, {}), word) or word
        if word in words:
            report.add(item.place, "duplicate_value", word=word)
        elif word:
            words.append(word)
    if not words:
        report.add(node.place, "enum_empty")
    return tuple(words)


def _read_enum_en(report: Report, node: Node | None, values: tuple[str, ...]) -> tuple[str, ...]:
    if node is None:
        return ()
    words = tuple(
        read_text(report, item, chars_max=NAME_CHARS_MAX) for item in read_items(report, node, items_max=ENUM_WORDS_MAX)
    )
    if len(words) != len(values):
        report.add(node.place, "enum_en_length", limit=len(values))
        return ()
    return words


def _read_domain(report: Report, node: Node, kind: FactKind) -> Range:
    if kind not in _DEFAULT_DOMAINS:
        return Range()
    items = read_items(report, node, items_max=2)
    if len(items) != 2:
        report.add(node.place, "domain")
        return _DEFAULT_DOMAINS[kind]
    bounds = [
        read_number(report, item, lambda text: quantity(kind, text), code=f"not_{kind.value}", default=None)
        for item in items
    ]
    low, high = bounds
    if low is not None and high is not None and low >= high:
        report.add(node.place, "domain")
        return _DEFAULT_DOMAINS[kind]
    return Range(low, high)


def _with_burden(report: Report, section: Section, spec: FactSpec) -> FactSpec:
    """举证方, 未举证视为 and 证明 come together: a presumption without a way to rebut it would be a rule in disguise."""
    parts = [section.get(key) for key in ("举证方", "未举证视为", "证明")]
    if all(part is None for part in parts):
        return spec
    burden, presumed, proofs = parts
    if burden is None or presumed is None or proofs is None:
        report.add(section.place, "burden_incomplete")
        return spec
    party = read_word(report, burden, dict(PARTIES), Party.PLATFORM)
    names: list[str] = []
    for item in read_items(report, proofs, items_max=PROOFS_MAX):
        word = read_text(report, item, chars_max=NAME_CHARS_MAX)
        record = canonical(RECORDS, word)
        code = RECORDS[record] if record is not None else slot_code(word)
        if code is None:
            report.add(item.place, "unknown_evidence", word=word, choices="、".join((*RECORDS, *EVIDENCE)))
        elif code not in names:
            names.append(code)
    return FactSpec(
        name=spec.name,
        kind=spec.kind,
        name_en=spec.name_en,
        values=spec.values,
        values_en=spec.values_en,
        domain=spec.domain,
        trend=spec.trend,
        burden=party,
        presumed=read_value(report, presumed, spec),
        proven_by=tuple(names),
    )


def _read_costs(report: Report, node: Node | None) -> dict[str, int]:
    """凭证: what evidence the policy may ask for, and how much trouble each is for a buyer."""
    costs: dict[str, int] = {}
    if node is None:
        return costs
    if not isinstance(node, Mapping):
        report.add(node.place, "not_mapping")
        return costs
    for key, value in node.entries:
        # A word that is no slot of ours is kept as it is: the lint says that nothing can collect it.
        code = slot_code(key.text) or key.text
        if not code or len(code) > NAME_CHARS_MAX:
            report.add(key.place, "text_length", limit=NAME_CHARS_MAX)
            continue
        if len(costs) >= COSTS_MAX:
            report.add(key.place, "too_many", limit=COSTS_MAX)
            break
        if code in costs:
            report.add(key.place, "duplicate_key", word=key.text[:40])
        cost = read_number(report, value, count, code="cost", default=1)
        if not 1 <= cost <= COST_MAX:
            report.add(value.place, "cost", word=str(cost))
        costs[code] = cost
    return {code: costs[code] for code in sorted(costs)}


def _read_outcomes(report: Report, node: Node | None) -> tuple[Outcome, ...]:
    if node is None:
        return tuple(Outcome)
    found: list[Outcome] = []
    for item in read_items(report, node, items_max=len(OUTCOMES)):
        outcome = read_word(report, item, dict(OUTCOMES), Outcome.PERSON)
        if outcome in found:
            report.add(item.place, "duplicate_value", word=outcome.value)
        else:
            found.append(outcome)
    ladder = [outcome for outcome in found if outcome in (Outcome.FULL, Outcome.PART, Outcome.REJECT)]
    if ladder != sorted(ladder, key=(Outcome.FULL, Outcome.PART, Outcome.REJECT).index):
        report.add(node.place, "outcomes_order")
    return tuple(found)
