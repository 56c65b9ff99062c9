"""A published table written as a policy file, as far as a policy can say the same; refused with the reason where not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias, final

from huiliu.kit.money import MINOR_PER_MAJOR
from huiliu.policy.dmn.bounds import quantity_words, range_words
from huiliu.policy.dmn.cells import whole_bounds
from huiliu.policy.dmn.feel import ValueKind
from huiliu.policy.dmn.model import EXPORT_ID, DmnInput, DmnRule, DmnTable, TableError
from huiliu.policy.document import Report
from huiliu.policy.model import DAY_SECONDS, FactKind, Outcome, PolicyError, Range
from huiliu.policy.parse import ENUM_WORDS_MAX, NAME_CHARS_MAX, parse_policy
from huiliu.policy.quantities import COUNT_MAX, DURATION_SECONDS_MAX
from huiliu.policy.words import EVIDENCE, FACTS, OUTCOMES, VALUES, canonical

_CLAUSE_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,15}")
_OUTCOME_WORDS = {outcome: word for word, outcome in OUTCOMES.items()}
_AMOUNT = "金额"
_DEFAULT_ID = "DEFAULT"
_KEYS = {FactKind.DURATION: "时长", FactKind.AMOUNT: "金额", FactKind.COUNT: "计数"}
_DOMAINS = {
    FactKind.DURATION: Range(0, 180 * DAY_SECONDS),
    FactKind.AMOUNT: Range(1, 10_000_000_00),
    FactKind.COUNT: Range(0, COUNT_MAX),
}


def policy_of(
    dmn: DmnTable,
    outcomes: Mapping[str, str] | None = None,
    *,
    output: str | None = None,
    amounts: frozenset[str] = frozenset(),
) -> str:
    """A policy file's text, which `parse_policy` reads. Inputs become facts, rules clauses, declared precedence 例外于.

    `outcomes` maps the texts of `output` (by name; the first one by default) to outcome words: {"Approved": "full"};
    texts that are outcome words themselves need no mapping. `amounts` names the inputs that are yuan; 金额 always is.
    Raises TableError: an outcome nobody mapped, dates, numbers that are neither whole nor cents, too many values.
    """
    report = Report()
    column = _output_index(report, dmn, output)
    chosen = [_outcome(report, rule, rule.outputs[column], outcomes or {}) for rule in dmn.rules]
    default = dmn.outputs[column].default
    otherwise = None if not default else _outcome(report, dmn.rules[0], default, outcomes or {})
    facts = [_fact(report, given, amounts) for given in dmn.inputs]
    if report.problems:
        raise TableError(report.error().problems)
    _check_whole(report, dmn, facts)
    if report.problems:
        raise TableError(report.error().problems)
    text = _file(dmn, [fact for fact in facts if fact is not None], chosen, otherwise)
    try:
        parse_policy(text)
    except PolicyError as error:
        first = error.problems[0]
        report.add(dmn.rules[0].place, "dmn.reason.file", word=first.code, at=first.line)
        raise TableError(report.error().problems) from error
    return text


@final
class _Words:
    """A fact of words, or of yes and no: its name, its declaration, and a condition on it out of cells."""

    def __init__(self, name: str, declaration: str, words: list[str]) -> None:
        self.name = name
        self.declaration = declaration
        self._words = words

    def condition(self, mask: int) -> str | None:
        """The condition's value; None when every cell is in it."""
        words = [word for i, word in enumerate(self._words) if mask >> i & 1]
        return None if len(words) == len(self._words) else _listed(words)

    @property
    def anything(self) -> str:
        """A condition that always holds."""
        return _listed(self._words)


@final
class _Number:
    """A fact of whole seconds, fen or times; neighbouring cells become one range."""

    def __init__(self, name: str, kind: FactKind, domain: Range, spans: list[tuple[int | None, int | None]]) -> None:
        assert domain.low is not None, "a domain has two ends"
        assert domain.high is not None, "a domain has two ends"
        low, high = quantity_words(kind, domain.low), quantity_words(kind, domain.high)
        self.name = name
        self.declaration = f"{{{_KEYS[kind]}: [{low}, {high}]}}"
        self._kind = kind
        self._low, self._high = domain.low, domain.high
        self._spans = spans

    def condition(self, mask: int) -> str | None:
        """The condition's value; None when every whole value of the domain is in it, '[]' when none is."""
        ranges: list[tuple[int, int]] = []
        for i, (low, high) in enumerate(self._spans):
            first = self._low if low is None else max(low, self._low)
            last = self._high if high is None else min(high, self._high)
            if not mask >> i & 1 or first > last:
                continue  # a cell of no whole value is no case of this fact
            if ranges and ranges[-1][1] + 1 == first:
                first = ranges.pop()[0]
            ranges.append((first, last))
        if ranges == [(self._low, self._high)]:
            return None
        return _listed(
            [
                _quoted(
                    range_words(self._kind, None if low == self._low else low, None if high == self._high else high)
                )
                for low, high in ranges
            ]
        )

    @property
    def anything(self) -> str:
        """A condition that always holds."""
        return _quoted(range_words(self._kind, self._low, None))


_Fact: TypeAlias = "_Words | _Number"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _output_index(report: Report, dmn: DmnTable, output: str | None) -> int:
    if output is None:
        return 0
    for i, column in enumerate(dmn.outputs):
        if output in (column.name, column.label):
            return i
    choices = ", ".join(column.name for column in dmn.outputs)
    report.add(dmn.rules[0].place, "dmn.reason.no_output", word=output[:40], choices=choices)
    return 0


def _check_whole(report: Report, dmn: DmnTable, facts: list[_Fact | None]) -> None:
    """A rule for numbers between two whole ones only has no case left."""
    for rule in dmn.rules:
        for given, fact, mask in zip(dmn.inputs, facts, rule.box, strict=True):
            if fact is not None and fact.condition(mask) == "[]":
                report.add(rule.place, "dmn.reason.no_whole_value", input=given.name, rule=rule.number)


def _outcome(report: Report, rule: DmnRule, text: str, outcomes: Mapping[str, str]) -> Outcome:
    word = canonical(OUTCOMES, outcomes.get(text, text))
    if word is None:
        choices = "、".join(f"{chinese} ({code.value})" for chinese, code in OUTCOMES.items())
        report.add(rule.place, "dmn.reason.outcome", word=text[:40], choices=choices)
        return Outcome.PERSON
    return OUTCOMES[word]


def _fact(report: Report, given: DmnInput, amounts: frozenset[str]) -> _Fact | None:
    name = canonical(FACTS, given.name) or canonical(FACTS, given.expression) or given.name
    if len(name) > NAME_CHARS_MAX:
        report.add(given.place, "dmn.reason.name_too_long", input=name[:40], limit=NAME_CHARS_MAX)
        return None
    match given.kind:
        case ValueKind.BOOLEAN:
            return _Words(name, "{是否: true}", ["否", "是"])
        case ValueKind.TEXT:
            return _words(report, given, name)
        case ValueKind.DURATION:
            return _numbers(report, given, name, FactKind.DURATION)
        case ValueKind.NUMBER:
            is_amount = name == _AMOUNT or bool({given.name, given.expression} & amounts)
            return _numbers(report, given, name, FactKind.AMOUNT if is_amount else FactKind.COUNT)
        case _:
            report.add(given.place, "dmn.reason.calendar", input=given.name, kind=given.kind.value)
            return None


def _words(report: Report, given: DmnInput, name: str) -> _Words | None:
    known = VALUES.get(name, {})
    words = [canonical(known, cell.text) or cell.text for cell in given.cells if cell.text is not None]
    if len(words) > ENUM_WORDS_MAX or any(not word.strip() or len(word) > NAME_CHARS_MAX for word in words):
        report.add(given.place, "dmn.reason.words", input=given.name, limit=ENUM_WORDS_MAX, chars=NAME_CHARS_MAX)
        return None
    quoted = [_quoted(word) for word in words]
    return _Words(name, f"{{枚举: [{', '.join(quoted)}]}}", quoted)


def _numbers(report: Report, given: DmnInput, name: str, kind: FactKind) -> _Number | None:
    """Whole seconds, fen or times. A bound between two of them would be moved, so it is refused."""
    scale = MINOR_PER_MAJOR if kind is FactKind.AMOUNT else 1
    for cell in given.cells:
        for end in () if cell.span is None else (cell.span.low, cell.span.high):
            if end is not None and (end * scale).denominator != 1:
                report.add(given.place, f"dmn.reason.not_whole_{kind.value}", input=given.name)
                return None
    spans = [whole_bounds(cell.span, scale) for cell in given.cells if cell.span is not None]
    ends = [end for span in spans for end in span if end is not None]
    usual = _DOMAINS[kind]
    assert usual.low is not None, "declared above"
    assert usual.high is not None, "declared above"
    limit = DURATION_SECONDS_MAX if kind is FactKind.DURATION else usual.high
    if any(end > limit for end in ends):
        report.add(given.place, "dmn.reason.too_large", input=given.name)
        return None
    low = usual.low if spans[0][0] is None else max(spans[0][0], usual.low)
    last = spans[-1][1]
    # An open end reaches to the usual limit, and further where the table itself looks further.
    high = max(usual.high, *(min(end + DAY_SECONDS, limit) for end in ends), low + 1) if last is None else last
    if not low < high:
        report.add(given.place, "dmn.reason.no_range", input=given.name)
        return None
    return _Number(name, kind, Range(low, high), spans)


def _file(dmn: DmnTable, facts: list[_Fact], chosen: list[Outcome], otherwise: Outcome | None) -> str:
    ids = _clause_ids(dmn)
    has_default = otherwise not in (None, Outcome.PERSON)
    needs = _evidence(dmn)
    declared = dict.fromkeys(word for words in needs for word in words)
    lines = [
        f"策略: {_quoted(dmn.name[:NAME_CHARS_MAX])}",
        f"编号: {_policy_id(dmn.id)}",
        '版本: "1"',
        "事实:",
        *(f"  {_quoted(fact.name)}: {fact.declaration}" for fact in facts),
        *([f"凭证: {{{', '.join(f'{word}: 1' for word in declared)}}}"] if declared else []),
        "条款:",
    ]
    for i, (rule, outcome) in enumerate(zip(dmn.rules, chosen, strict=True)):
        conditions = [
            f"{_quoted(fact.name)}: {words}"
            for fact, mask in zip(facts, rule.box, strict=True)
            if (words := fact.condition(mask)) is not None
        ]
        bases = [ids[j] for j in dmn.table.rules[i].defeats] + ([_DEFAULT_ID] if has_default else [])
        lines += [
            f"  - 编号: {ids[i]}",
            f"    名称: {_quoted(_clause_name(rule))}",
            f"    当: {{{', '.join(conditions) or _always(facts)}}}",
            *([f"    例外于: [{', '.join(bases)}]"] if bases else []),
            *([f"    需: [{', '.join(needs[i])}]"] if needs[i] else []),
            f"    则: {_OUTCOME_WORDS[outcome]}",
        ]
    if otherwise is not None and has_default:
        lines += [
            f"  - 编号: {_DEFAULT_ID}",
            "    名称: 没有规则时的默认输出",
            f"    当: {{{_always(facts)}}}",
            f"    则: {_OUTCOME_WORDS[otherwise]}",
        ]
    return "\n".join(lines) + "\n"


def _evidence(dmn: DmnTable) -> list[tuple[str, ...]]:
    """What each rule needs, when the table has the output of our own exports and it holds nothing but known evidence."""
    place = next((i for i, column in enumerate(dmn.outputs) if column.name == "evidence"), None)
    words = [() if place is None else tuple(filter(None, rule.outputs[place].split("、"))) for rule in dmn.rules]
    is_known = all(word in EVIDENCE for each in words for word in each)
    return words if is_known else [()] * len(words)


def _always(facts: list[_Fact]) -> str:
    return f"{_quoted(facts[0].name)}: {facts[0].anything}"


def _clause_ids(dmn: DmnTable) -> list[str]:
    """The clauses of our own exports, or the rules' ids, where a clause can be called so; else R1, R2 …."""
    place = next((i for i, column in enumerate(dmn.outputs) if column.name == "clause"), None)
    named = [] if place is None else [rule.outputs[place] for rule in dmn.rules]
    for own in (named, [rule.id for rule in dmn.rules]):
        if (
            own
            and len(set(own)) == len(own)
            and all(_CLAUSE_ID.fullmatch(name) and name != _DEFAULT_ID for name in own)
        ):
            return own
    return [f"R{rule.number}" for rule in dmn.rules]


def _clause_name(rule: DmnRule) -> str:
    note = " ".join(rule.note.split())[:NAME_CHARS_MAX].strip()
    return note or f"规则 {rule.number}"


def _policy_id(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name.removeprefix(EXPORT_ID)).strip("-._")[:30]
    return _quoted(plain or "dmn")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
