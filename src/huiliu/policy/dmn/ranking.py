"""What a hit policy means as declared exceptions, so that the same checks serve every kind of table.

FIRST: an earlier rule is an exception to every later one that it meets. PRIORITY: the same by the order of outputValues.
UNIQUE and ANY: nobody is an exception to anybody; where two different answers meet, that is the conflict.
"""

from __future__ import annotations

from huiliu.policy.dmn.cells import cell_value
from huiliu.policy.dmn.model import DmnInput, DmnOutput, DmnRule, HitPolicy
from huiliu.policy.document import Report
from huiliu.policy.table import Axis, Box, Effect, Rule, Table


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
    return Table(
        axes,
        tuple(
            Rule(
                id=rule.id,
                box=rule.box,
                effect=Effect(" · ".join(rule.outputs)),
                rank=order[answers[i]],
                defeats=_defeats(hit_policy, rules, places, i),
            )
            for i, rule in enumerate(rules)
        ),
    )


def meets(one: Box, two: Box) -> bool:
    """Whether some case is in both boxes."""
    return all(a & b for a, b in zip(one, two, strict=True))


def _defeats(
    hit_policy: HitPolicy, rules: tuple[DmnRule, ...], places: list[tuple[int, ...]], index: int
) -> tuple[int, ...]:
    box = rules[index].box
    if hit_policy is HitPolicy.FIRST:
        return tuple(j for j in range(index + 1, len(rules)) if meets(box, rules[j].box))
    if hit_policy is HitPolicy.PRIORITY:
        return tuple(j for j, rule in enumerate(rules) if places[index] < places[j] and meets(box, rule.box))
    return ()


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
