"""A DMN file (1.1 to 1.3, as Drools and Camunda write them) read as one decision table, or refused with the place."""

from __future__ import annotations

from collections.abc import Sequence

from huiliu.policy.dmn.columns import output_text, read_inputs, read_outputs
from huiliu.policy.dmn.elements import Element, read_elements, refused
from huiliu.policy.dmn.model import ONE_ANSWER, DmnInput, DmnOutput, DmnRule, DmnTable, HitPolicy, TableError
from huiliu.policy.dmn.ranking import table_from
from huiliu.policy.document import Report
from huiliu.policy.model import Problem

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
}
RULES_MAX = 500
INPUTS_MAX = 32
OUTPUTS_MAX = 16
NAME_CHARS_MAX = 200


def read_dmn(source: bytes, decision: str | None = None, *, closed: bool = False) -> DmnTable:
    """One decision's table, by the decision's id or name when the file has several.

    `closed` says that text inputs have no other values than those the rules name; else each gets a cell for any other.
    Raises TableError with line and column: not UTF-8, a DOCTYPE, too large, no such decision, a hit policy that answers
    with a list, a decision that needs another decision, a cell that is not a unary test, and so on.
    """
    root = read_elements(source)
    if root.name != "definitions" or root.namespace not in NAMESPACES:
        raise refused(root.place, "not_dmn", word=f"{{{root.namespace}}}{root.name}"[:120])
    _check_ids(root)
    chosen = _choose(root, decision)
    return _read_table(root, chosen, closed=closed)


def decisions_of(source: bytes) -> tuple[tuple[str, str], ...]:
    """(id, name) of every decision of a file that is a table. Raises TableError."""
    root = read_elements(source)
    return tuple(_named(found) for found in root.all("decision") if found.first("decisionTable") is not None)


def _named(element: Element) -> tuple[str, str]:
    name = element.attributes.get("name", "")[:NAME_CHARS_MAX]
    return element.attributes.get("id", name)[:NAME_CHARS_MAX], name


def _check_ids(root: Element) -> None:
    """An id names one thing: of two rules of one id a finding would name neither."""
    seen: dict[str, Element] = {}
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = element.attributes.get("id")
        if name is not None and element.namespace == root.namespace:
            if name in seen:
                later = max((seen[name], element), key=lambda each: (each.place.line, each.place.column))
                raise refused(later.place, "duplicate_id", word=name[:40])
            seen[name] = element
        waiting += element.children


def _choose(root: Element, decision: str | None) -> Element:
    found = root.all("decision")
    if decision is not None:
        named = [each for each in found if decision in _named(each)]
        if not named:
            raise refused(root.place, "no_such_decision", word=decision[:40], choices=_choices(found))
        return named[0]
    tables = [each for each in found if each.first("decisionTable") is not None]
    if len(tables) == 1:
        return tables[0]
    if tables:
        raise refused(tables[1].place, "several_decisions", choices=_choices(tables))
    if found:
        return found[0]  # refused below, with what it is instead
    raise refused(root.place, "no_decision")


def _choices(decisions: Sequence[Element]) -> str:
    return ", ".join(_named(each)[0] for each in decisions)[:200]


def _read_table(root: Element, decision: Element, *, closed: bool) -> DmnTable:
    table = decision.first("decisionTable")
    if table is None:
        held = next((each.name for each in decision.children if each.name in _EXPRESSIONS), "-")
        raise refused(decision.place, "not_a_table", word=held)
    for requirement in decision.all("informationRequirement"):
        if requirement.first("requiredDecision") is not None:
            raise refused(requirement.place, "required_decision")
    hit_policy = _hit_policy(table)
    inputs, outputs, rules = table.all("input"), table.all("output"), table.all("rule")
    for what, limit in ((inputs, INPUTS_MAX), (outputs, OUTPUTS_MAX), (rules, RULES_MAX)):
        if len(what) > limit:
            raise refused(what[limit].place, "too_many", word=what[0].name, limit=limit)
        if not what:
            raise refused(table.place, "none", word={id(inputs): "input", id(outputs): "output"}.get(id(what), "rule"))
    report = Report()
    read, masks = read_inputs(report, root, inputs, rules, closed=closed)
    if report.problems:
        raise TableError(report.error().problems)
    columns = read_outputs(report, root, outputs)
    entries = _read_rules(report, masks, columns, rules)
    if report.problems:
        raise TableError(report.error().problems)
    foreign = table_from(report, hit_policy, read, columns, entries)
    if report.problems:
        raise TableError(report.error().problems)
    name_id, name = _named(decision)
    return DmnTable(name_id, name or name_id, hit_policy, read, columns, entries, foreign, _notes(read, columns))


_EXPRESSIONS = ("literalExpression", "context", "invocation", "relation", "list", "functionDefinition")


def _hit_policy(table: Element) -> HitPolicy:
    word = table.attributes.get("hitPolicy", "UNIQUE")
    if word not in tuple(HitPolicy):
        raise refused(table.place, "hit_policy_unknown", word=word[:40])
    if HitPolicy(word) not in ONE_ANSWER:
        raise refused(table.place, "hit_policy_list", word=word)
    return HitPolicy(word)


def _read_rules(
    report: Report, masks: tuple[tuple[int, ...], ...], outputs: tuple[DmnOutput, ...], rules: list[Element]
) -> tuple[DmnRule, ...]:
    taken = {rule.attributes.get("id", "") for rule in rules}
    return tuple(
        DmnRule(
            id=rule.attributes.get("id") or _unused(f"rule-{row + 1}", taken),
            number=row + 1,
            box=tuple(column[row] for column in masks),
            outputs=_read_outputs(report, outputs, rule),
            note=_note(rule),
            place=rule.place,
        )
        for row, rule in enumerate(rules)
    )


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    taken.add(name)
    return name


def _read_outputs(report: Report, outputs: tuple[DmnOutput, ...], rule: Element) -> tuple[str, ...]:
    entries = rule.all("outputEntry")
    if len(entries) != len(outputs):
        report.add(rule.place, "dmn.problem.entries", found=len(entries), wanted=len(outputs), word="outputEntry")
        return ()
    texts = tuple("" if text is None else output_text(text.text) for text in (e.first("text") for e in entries))
    if not any(texts):
        report.add(rule.place, "dmn.problem.output_empty")
    return texts


def _note(rule: Element) -> str:
    texts = [entry.first("text") for entry in rule.all("annotationEntry")]
    notes = [each.text.strip() for each in (*texts, rule.first("description")) if each is not None]
    return " / ".join(dict.fromkeys(note for note in notes if note))[:NAME_CHARS_MAX]


def _notes(inputs: tuple[DmnInput, ...], outputs: tuple[DmnOutput, ...]) -> tuple[Problem, ...]:
    open_inputs = tuple(
        Problem(given.place.line, given.place.column, "dmn.note.open_values", {"input": given.name})
        for given in inputs
        if given.is_open
    )
    default = next((output.default for output in outputs if output.default), "")
    return open_inputs + ((Problem(1, 1, "dmn.note.default", {"default": default}),) if default else ())
