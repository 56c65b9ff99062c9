"""What a hit policy means as declared exceptions, so that the same checks serve every kind of table.

FIRST: an earlier rule is an exception to every later one that it meets. PRIORITY: the same by the order of outputValues.
UNIQUE and ANY: nobody is an exception to anybody; where two different answers meet, that is the conflict.
"""

from __future__ import annotations

from huiliu.policy.dmn.cells import cell_value
from huiliu.policy.dmn.model import DmnInput, DmnOutput, DmnRule, HitPolicy
from huiliu.policy.document import Report
from huiliu.policy.table import Axis, Effect, Rule, Table


def table_from(
    report: Report,
    hit_policy: HitPolicy,
    inputs: tuple[DmnInput, ...],
    outputs: tuple[DmnOutput, ...],
    rules: tuple[DmnRule, ...],
) -> Table:
    """The rules as boxes over the inputs' cells. Equal outputs have equal ranks; the outputs' text is the effect."""
    axes = tuple(
        Axis(given.name, tuple(cell_value(cell, given.kind, is_whole=given.is_whole) for cell in given.cells))
        for given in inputs
    )
    places = _priorities(report, outputs, rules) if hit_policy is HitPolicy.PRIORITY else [()] * len(rules)
    # Two answers of the same priority that differ elsewhere are still two answers.
    answers = [(place, rule.outputs) for place, rule in zip(places, rules, strict=True)]
    order = {answer: rank for rank, answer in enumerate(sorted(dict.fromkeys(answers), key=lambda each: each[0]))}
    defeats = _defeats(hit_policy, rules, places)
    return Table(
        axes,
        tuple(
            Rule(
                id=rule.id,
                box=rule.box,
                effect=Effect(" · ".join(rule.outputs)),
                rank=order[answers[i]],
                defeats=defeats[i],
            )
            for i, rule in enumerate(rules)
        ),
    )


def _meeting(rules: tuple[DmnRule, ...]) -> list[int]:
    """Per rule the bits of those that it meets in some case: per input those that share a cell, and of these the common."""
    found = [(1 << len(rules)) - 1] * len(rules)
    for column in zip(*(rule.box for rule in rules), strict=True):
        in_cell = [0] * max(mask.bit_length() for mask in column)
        for i, mask in enumerate(column):
            for cell in _places(mask):
                in_cell[cell] |= 1 << i
        sharing: dict[int, int] = {}
        for i, mask in enumerate(column):
            if mask not in sharing:
                sharing[mask] = 0
                for cell in _places(mask):
                    sharing[mask] |= in_cell[cell]
            found[i] &= sharing[mask]
    return found


def _places(bits: int) -> list[int]:
    return [i for i, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"]


def _defeats(hit_policy: HitPolicy, rules: tuple[DmnRule, ...], places: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Per rule those that it comes before."""
    if hit_policy not in (HitPolicy.FIRST, HitPolicy.PRIORITY):
        return [()] * len(rules)
    is_first = hit_policy is HitPolicy.FIRST
    return [
        tuple(j for j in _places(met) if (i < j if is_first else places[i] < places[j]))
        for i, met in enumerate(_meeting(rules))
    ]


def _priorities(report: Report, outputs: tuple[DmnOutput, ...], rules: tuple[DmnRule, ...]) -> list[tuple[int, ...]]:
    """Where each rule's outputs stand in the declared values, the first output first."""
    ordered = [i for i, output in enumerate(outputs) if output.values]
    if not ordered:
        report.add(rules[0].place, "dmn.problem.no_priority")
    places: list[tuple[int, ...]] = []
    for rule in rules:
        for i in ordered:
            if rule.outputs[i] not in outputs[i].values:
                report.add(rule.place, "dmn.problem.output_unlisted", word=rule.outputs[i][:40], rule=rule.number)
        places.append(tuple(_index(outputs[i].values, rule.outputs[i]) for i in ordered))
    return places


def _index(values: tuple[str, ...], value: str) -> int:
    return values.index(value) if value in values else len(values)
