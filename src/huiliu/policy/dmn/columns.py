"""The columns of a decision table: what kind of value each input has, from its type or from the cells, and its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from huiliu.policy.dmn.cells import cut, value_text
from huiliu.policy.dmn.elements import Element
from huiliu.policy.dmn.feel import FeelError, Literal, Unary, ValueKind, parse_literal, parse_unary, parse_values
from huiliu.policy.dmn.model import Cell, DmnInput, DmnOutput
from huiliu.policy.document import Place, Report

NAME_CHARS_MAX = 200
ITEMS_MAX = 20_000
"""Values and intervals in all different cells of a table."""

_KINDS = {
    "string": ValueKind.TEXT,
    "boolean": ValueKind.BOOLEAN,
    "number": ValueKind.NUMBER,
    "double": ValueKind.NUMBER,
    "integer": ValueKind.NUMBER,
    "long": ValueKind.NUMBER,
    "date": ValueKind.DATE,
    "time": ValueKind.TIME,
    "days and time duration": ValueKind.DURATION,
    "dayTimeDuration": ValueKind.DURATION,
    "years and months duration": ValueKind.MONTHS,
    "yearMonthDuration": ValueKind.MONTHS,
}
_MOMENTS = ("date and time", "dateTime")
_WHOLE = ("integer", "long")
_WHOLE_KINDS = (ValueKind.DATE, ValueKind.MONTHS)


@dataclass(frozen=True)
class _Type:
    """What a typeRef comes to: the built-in type's name and the values that an item definition allows."""

    base: str
    allowed: Element | None


@final
class _Column:
    """The cells of one input. Cells of the same text are one test, so that what a table repeats is read once."""

    def __init__(self) -> None:
        self.tests: list[Unary] = []
        self.places: list[Place] = []
        self.items = 0
        self._known: dict[str, Unary] = {}

    def add(self, report: Report, entry: Element) -> None:
        """The next rule's cell."""
        text = _text(entry)
        test = self._known.get(text)
        if test is None:
            test = self._known[text] = _unary(report, entry)
            self.items += len(test.values) + len(test.spans)
        self.tests.append(test)
        self.places.append(entry.place)

    def check(self, report: Report, name: str, cells: tuple[Cell, ...], masks: tuple[int, ...]) -> None:
        """Notes the cells that name a value which is not declared, or that no declared value meets."""
        listed = {cell.text for cell in cells}
        for row, (test, place, mask) in enumerate(zip(self.tests, self.places, masks, strict=True), 1):
            unlisted = [value for value in test.values if isinstance(value, str) and value not in listed]
            if unlisted:
                report.add(place, "dmn.problem.value_unlisted", input=name, word=unlisted[0][:40])
            elif mask == 0:
                report.add(place, "dmn.problem.never", input=name, rule=row)


def read_inputs(
    report: Report, root: Element, inputs: list[Element], rules: list[Element], *, closed: bool
) -> tuple[tuple[DmnInput, ...], tuple[tuple[int, ...], ...]]:
    """Every input with its cells, and each rule's cells in it as bits, one column an input."""
    names = _names(report, inputs)
    columns = [_Column() for _ in inputs]
    for rule in rules:
        entries = rule.all("inputEntry")
        if len(entries) != len(inputs):
            report.add(rule.place, "dmn.problem.entries", found=len(entries), wanted=len(inputs), word="inputEntry")
            continue
        for column, entry in zip(columns, entries, strict=True):
            column.add(report, entry)
        if sum(column.items for column in columns) > ITEMS_MAX:
            report.add(rule.place, "dmn.problem.too_many_tests", limit=ITEMS_MAX)
            break
    if report.problems:
        return (), ()
    read = [
        _read_input(report, root, element, name, column, closed=closed)
        for element, name, column in zip(inputs, names, columns, strict=True)
    ]
    found = [each for each in read if each is not None]
    return tuple(given for given, _ in found), tuple(masks for _, masks in found)


def read_outputs(report: Report, root: Element, outputs: list[Element]) -> tuple[DmnOutput, ...]:
    """Every output with its declared values in their order, which is the order of priority."""
    found: list[DmnOutput] = []
    for number, element in enumerate(outputs, 1):
        name = element.attributes.get("name") or f"output-{number}"
        values = element.first("outputValues")
        if values is None:
            values = _type(root, element.attributes.get("typeRef", "")).allowed
        default = element.first("defaultOutputEntry")
        written = _text(default)
        found.append(
            DmnOutput(
                name=name[:NAME_CHARS_MAX],
                label=(element.attributes.get("label") or name)[:NAME_CHARS_MAX],
                values=_values(report, values),
                default=None if default is None or written in ("", "null") else output_text(written),
            )
        )
    return tuple(found)


def output_text(written: str) -> str:
    """A string without its quotes, a number in its shortest form; anything else as written, spaces evened out: it is
    compared, not computed. Nothing, as '-' is too, is ''."""
    plain = " ".join(written.split())
    if plain in ("", "-"):
        return ""
    literal = parse_literal(written)
    return plain if literal is None else _literal_text(literal)


def _literal_text(literal: Literal) -> str:
    if isinstance(literal.value, bool):
        return "true" if literal.value else "false"
    if isinstance(literal.value, str):
        return literal.value
    return value_text(literal.kind, literal.value)


def _names(report: Report, inputs: list[Element]) -> list[str]:
    """The label where there is one and it is the only one of its kind, else the expression."""
    expressions = [" ".join(_text(element.first("inputExpression")).split()) for element in inputs]
    labels = [element.attributes.get("label", "").strip() for element in inputs]
    names: list[str] = []
    for number, (element, label, expression) in enumerate(zip(inputs, labels, expressions, strict=True), 1):
        if expression and expressions.index(expression) != number - 1:
            report.add(element.place, "dmn.problem.duplicate_input", word=expression[:40])
        name = label if label and labels.count(label) == 1 else expression or f"input-{number}"
        name = name[:NAME_CHARS_MAX]
        names.append(name if name not in names else f"{name} ({number})")
    return names


def _read_input(
    report: Report, root: Element, element: Element, name: str, column: _Column, *, closed: bool
) -> tuple[DmnInput, tuple[int, ...]] | None:
    expression = element.first("inputExpression")
    declared_type = _input_type(root, expression)
    declared = element.first("inputValues") or declared_type.allowed
    domain = Unary() if declared is None else _unary(report, declared)
    kind = _kind(report, element.place, name, declared_type.base, [*column.tests, domain])
    if kind is None:
        return None
    is_whole = kind in _WHOLE_KINDS or declared_type.base in _WHOLE
    is_open = kind is ValueKind.TEXT and not closed and (domain.is_any or domain.negated)
    try:
        cells, masks = cut(kind, column.tests, domain, is_whole=is_whole, is_open=is_open)
    except FeelError as error:
        report.add(element.place, f"dmn.problem.{error.code}", **error.facts)
        return None
    if not cells:
        report.add(element.place, "dmn.problem.no_values", input=name)
        return None
    column.check(report, name, cells, masks)
    text = " ".join(_text(expression).split())
    return DmnInput(name, text[:NAME_CHARS_MAX], kind, is_whole, cells, is_open, element.place), masks


def _kind(report: Report, place: Place, name: str, base: str, tests: list[Unary]) -> ValueKind | None:
    """The kind that the cells speak of; the declared type where they are all '-'."""
    found = {test.kind for test in tests if test.kind is not None}
    declared = _KINDS.get(base)
    if base in _MOMENTS and not found:
        declared = ValueKind.LOCAL_MOMENT
    if base in _MOMENTS and len(found) == 1 and found <= {ValueKind.MOMENT, ValueKind.LOCAL_MOMENT}:
        declared = next(iter(found))
    kinds = found | ({declared} if declared is not None else set[ValueKind]())
    if len(kinds) > 1:
        report.add(place, "dmn.problem.mixed_kinds", kinds=", ".join(sorted(kinds)), input=name)
        return None
    # A column of '-' alone and of no type: every value is in one cell.
    return next(iter(kinds), ValueKind.TEXT)


def _input_type(root: Element, expression: Element | None) -> _Type:
    """The expression's type; what it leaves open, its inputData of that name may say."""
    own = _type(root, "" if expression is None else expression.attributes.get("typeRef", ""))
    if own.allowed is not None or expression is None:
        return own
    for data in root.all("inputData"):
        variable = data.first("variable")
        if variable is not None and data.attributes.get("name") == _text(expression):
            declared = _type(root, variable.attributes.get("typeRef", ""))
            return _Type(own.base or declared.base, declared.allowed)
    return own


def _type(root: Element, reference: str) -> _Type:
    """A typeRef ('feel:number', 'tAge') followed through the file's item definitions, once: nothing nests here."""
    name = reference.rpartition(":")[2].strip()
    for item in root.all("itemDefinition"):
        if item.attributes.get("name") == name:
            base = _text_of(item.first("typeRef")).rpartition(":")[2]
            # A type of the file's own that is called integer is one.
            return _Type(name if name in _WHOLE else base, item.first("allowedValues"))
    return _Type(name, None)


def _unary(report: Report, entry: Element) -> Unary:
    try:
        return parse_unary(_text(entry))
    except FeelError as error:
        report.add(entry.place, f"dmn.problem.{error.code}", **error.facts)
        return Unary()


def _values(report: Report, element: Element | None) -> tuple[str, ...]:
    if element is None or not _text(element):
        return ()
    try:
        return tuple(_literal_text(found) for found in parse_values(_text(element)))
    except FeelError as error:
        report.add(element.place, f"dmn.problem.{error.code}", **error.facts)
        return ()


def _text(element: Element | None) -> str:
    """The text of the element's own <text>."""
    return "" if element is None else _text_of(element.first("text"))


def _text_of(element: Element | None) -> str:
    return "" if element is None else element.text.strip()
