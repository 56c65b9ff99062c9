"""Conditions on one fact: the fixed boundary words, and whether a value meets them.

以内 以上 以下 届满 include the number; 超过 不满 以外 exclude it. Civil Code art. 1259 fixes these words for the Code itself;
policies are read the same way, because that is what readers expect. English has one phrase for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from huiliu.policy.document import Mapping, Node, Report, Scalar, Sequence
from huiliu.policy.model import FactKind, FactSpec, FactValue, Range, Test
from huiliu.policy.quantities import quantity
from huiliu.policy.words import BOOLEANS, FACTS, VALUES, canonical

CHOICES_MAX = 64
TESTS_MAX = 16

YES = "是"
NO = "否"
_TRUE = {"是": YES, "yes": YES, "true": YES, "否": NO, "no": NO, "false": NO}

_SUFFIXES: dict[str, Callable[[int], Range]] = {
    "以内": lambda number: Range(None, number),
    "以下": lambda number: Range(None, number),
    "以上": lambda number: Range(number, None),
    "届满": lambda number: Range(number, None),
    "以外": lambda number: Range(number + 1, None),
}
_PREFIXES: dict[str, Callable[[int], Range]] = {
    "超过": lambda number: Range(number + 1, None),
    "不满": lambda number: Range(None, number - 1),
    "届满": lambda number: Range(number, None),
    "more than ": lambda number: Range(number + 1, None),
    "less than ": lambda number: Range(None, number - 1),
    "at least ": lambda number: Range(number, None),
    "at most ": lambda number: Range(None, number),
    "within ": lambda number: Range(None, number),
    "beyond ": lambda number: Range(number + 1, None),
    "upon ": lambda number: Range(number, None),
}
BOUNDARY_WORDS = "以内 以上 以下 届满 超过 不满 以外"
_AND = re.compile(r"\s*(?:且|并且|\band\b)\s*")


def read_when(report: Report, node: Node, facts: dict[str, FactSpec]) -> tuple[Test, ...]:
    """The situation of a clause: every entry must hold. In the order the facts are declared, whatever order they are
    written in: the same meaning has the same identity, and explanations name the most telling fact first."""
    if not isinstance(node, Mapping) or not node.entries:
        report.add(node.place, "when_empty")
        return ()
    tests: dict[str, Test] = {}
    for key, value in node.entries:
        spec = facts.get(canonical(FACTS, key.text) or key.text)
        if spec is None:
            report.add(key.place, "fact_undeclared", word=key.text[:40])
        elif spec.name in tests:
            report.add(key.place, "duplicate_key", word=key.text[:40])
        else:
            tests[spec.name] = _read_test(report, value, spec)
    return tuple(tests[name] for name in facts if name in tests)


def read_value(report: Report, node: Node, spec: FactSpec) -> FactValue | None:
    """One value of a fact, for a presumption."""
    if not isinstance(node, Scalar):
        report.add(node.place, "one_value")
        return None
    if spec.kind is FactKind.ENUM:
        return _enum_word(report, node, spec)
    if spec.kind is FactKind.BOOLEAN:
        answer = _TRUE.get(node.text.lower())
        if answer is None:
            report.add(node.place, "not_boolean", word=node.text[:40])
        return None if answer is None else answer == YES
    try:
        return quantity(spec.kind, node.text)
    except ValueError:
        report.add(node.place, f"not_{spec.kind.value}", word=node.text[:40])
        return None


def holds(test: Test, value: FactValue) -> bool:
    """Whether one value meets the condition."""
    if isinstance(value, bool):
        return (YES if value else NO) in test.values
    if isinstance(value, str):
        return value in test.values
    return any(value in span for span in test.ranges)


def known_word(spec_name: str, word: str) -> str:
    """The policy's word for an enumeration value written as the word or as the product's code."""
    return canonical(VALUES.get(spec_name, {}), word) or word


def _read_test(report: Report, node: Node, spec: FactSpec) -> Test:
    items = node.items if isinstance(node, Sequence) else (node,)
    if not 1 <= len(items) <= CHOICES_MAX:
        report.add(node.place, "choices", limit=CHOICES_MAX)
        return Test(spec.name)
    values: list[str] = []
    ranges: list[Range] = []
    for item in items:
        if not isinstance(item, Scalar):
            report.add(item.place, "one_value")
        elif spec.kind is FactKind.ENUM:
            word = _enum_word(report, item, spec)
            if word in values:
                report.add(item.place, "duplicate_value", word=item.text[:40])
            elif word is not None:
                values.append(word)
        elif spec.kind is FactKind.BOOLEAN:
            answer = _TRUE.get(item.text.lower())
            if answer is None:
                report.add(item.place, "not_boolean", word=item.text[:40])
            else:
                values.append(answer)
        else:
            span = _read_range(report, item, spec)
            if span is not None:
                ranges.append(span)
    order = {word: index for index, word in enumerate((*spec.values, *BOOLEANS))}
    return Test(
        spec.name,
        tuple(sorted(values, key=lambda word: order.get(word, 0))),
        tuple(sorted(ranges, key=lambda span: (span.low or 0, span.high or 0))),
    )


def _enum_word(report: Report, node: Scalar, spec: FactSpec) -> str | None:
    word = known_word(spec.name, node.text)
    if word not in spec.values:
        report.add(node.place, "not_in_enum", word=node.text[:40], fact=spec.name, choices="、".join(spec.values)[:200])
        return None
    return word


def _read_range(report: Report, node: Scalar, spec: FactSpec) -> Range | None:
    """'1小时以内', '超过1小时且24小时以内'; a bare number means exactly that, for counts only."""
    low: int | None = None
    high: int | None = None
    for part in _AND.split(node.text):
        try:
            span = _one_bound(part.strip(), spec.kind)
        except ValueError:
            report.add(node.place, f"not_{spec.kind.value}", word=node.text[:40])
            return None
        if span is None:
            report.add(node.place, "boundary_missing", word=node.text[:40], choices=BOUNDARY_WORDS)
            return None
        low = span.low if low is None else max(low, span.low if span.low is not None else low)
        high = span.high if high is None else min(high, span.high if span.high is not None else high)
    if _never(low, high, spec.domain):
        report.add(node.place, "never", word=node.text[:40])
        return None
    return Range(low, high)


def _one_bound(text: str, kind: FactKind) -> Range | None:
    """None when there is a number but no boundary word; ValueError when there is no number."""
    lowered = text.lower()
    for prefix, build in _PREFIXES.items():
        if lowered.startswith(prefix):
            return build(quantity(kind, text[len(prefix) :]))
    for suffix, build in _SUFFIXES.items():
        if text.endswith(suffix):
            return build(quantity(kind, text.removesuffix(suffix)))
    number = quantity(kind, text)
    return Range(number, number) if kind is FactKind.COUNT else None


def _never(low: int | None, high: int | None, domain: Range) -> bool:
    """Whether no value of the fact's declared domain can meet the condition: always a slip of the pen."""
    lows = [bound for bound in (low, domain.low) if bound is not None]
    highs = [bound for bound in (high, domain.high) if bound is not None]
    return bool(lows) and bool(highs) and max(lows) > min(highs)
