"""A policy written as one DMN 1.3 decision table whose first matching rule answers as the policy does.

Inputs are the facts, after presumptions. Outputs: outcome, clause, the evidence it needs, how its money is computed, and
whether it may be paid without a person. No rule: a person, by the default output. Not in the table: extras (flags), limits,
evidence costs, golden cases.
"""

from __future__ import annotations

from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from huiliu.kit.money import MINOR_PER_MAJOR
from huiliu.kit.text import Lang, say
from huiliu.policy.amount import rule_formula
from huiliu.policy.conditions import NO, YES
from huiliu.policy.dmn.bounds import boundary
from huiliu.policy.dmn.cells import span_text
from huiliu.policy.dmn.feel import CELL_CHARS_MAX, Span
from huiliu.policy.dmn.model import EXPORT_ID, NotExportable
from huiliu.policy.dmn.order import Entry, OrderError, first_match_list
from huiliu.policy.dmn.times import decimal_text, duration_text
from huiliu.policy.model import Clause, FactKind, FactSpec, Outcome, Policy, Problem, Range, Test
from huiliu.policy.wording import value_words
from huiliu.policy.words import EVIDENCE_NAMES, OUTCOMES, RECORDS

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
FEEL = "https://www.omg.org/spec/DMN/20191111/FEEL/"
OURS = "urn:huiliu:policy:"

_TYPES = {
    FactKind.ENUM: "string",
    FactKind.DURATION: "days and time duration",
    FactKind.AMOUNT: "number",
    FactKind.BOOLEAN: "boolean",
    FactKind.COUNT: "integer",
}
_OUTPUTS = (
    ("outcome", "string"),
    ("clause", "string"),
    ("evidence", "string"),
    ("amount", "string"),
    ("automatic", "boolean"),
)
_OUTCOME_WORDS = {outcome: word for word, outcome in OUTCOMES.items()}
_RECORD_NAMES = {code: name for name, code in RECORDS.items()}


def write_dmn(policy: Policy) -> bytes:
    """The XML file, UTF-8. Raises NotExportable when no list of rules answers as the policy does; see `order`."""
    try:
        entries = first_match_list(policy)
    except OrderError as error:
        facts: dict[str, str | int] = {"clauses": "、".join(error.clauses[:8])}
        problem = Problem(1, 1, f"dmn.reason.{error.reason}", facts)
        raise NotExportable((problem,), reason=error.reason) from error
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<definitions xmlns="{NAMESPACE}" id="definitions" name={quoteattr(policy.name)}'
        f' namespace={quoteattr(OURS + policy.id)} expressionLanguage="{FEEL}" typeLanguage="{FEEL}">',
        # DMN's numbers are dense; a count's type says by its name that it is not.
        '  <itemDefinition id="integer" name="integer"><typeRef>number</typeRef></itemDefinition>',
        *(line for number, spec in enumerate(policy.facts, 1) for line in _input_data(number, spec)),
        f'  <decision id="{EXPORT_ID}{policy.id}" name={quoteattr(policy.name)}>',
        f"    <description>{escape(_description(policy))}</description>",
        f'    <variable id="variable" name={quoteattr(policy.name)}/>',
        *(line for number in range(1, len(policy.facts) + 1) for line in _requirement(number)),
        '    <decisionTable id="table" hitPolicy="FIRST" preferredOrientation="Rule-as-Row">',
        *(line for number, spec in enumerate(policy.facts, 1) for line in _input(number, spec)),
        *_output_columns(policy),
        f"      <annotation name={quoteattr(say(Lang.ZH, 'dmn.export.annotation'))}/>",
        *(line for number, entry in enumerate(entries, 1) for line in _rule(number, policy, entry)),
        "    </decisionTable>",
        "  </decision>",
        "</definitions>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _description(policy: Policy) -> str:
    return say(Lang.ZH, "dmn.export.description", id=policy.id, label=policy.label)


def _input_data(number: int, spec: FactSpec) -> list[str]:
    name = quoteattr(spec.name)
    notes: list[str] = []
    if spec.kind is FactKind.AMOUNT:
        notes.append(say(Lang.ZH, "dmn.export.yuan"))
    if spec.burden is not None and spec.presumed is not None:
        proofs = "、".join(_RECORD_NAMES.get(code) or EVIDENCE_NAMES.get(code, code) for code in spec.proven_by)
        presumed = value_words(Lang.ZH, spec, spec.presumed)
        notes.append(say(Lang.ZH, "dmn.export.presumed", value=presumed, proofs=proofs))
    described = [f"    <description>{escape(' '.join(notes))}</description>"] if notes else []
    return [
        f'  <inputData id="data_{number}" name={name}>',
        *described,
        f'    <variable id="data_variable_{number}" name={name} typeRef="{_TYPES[spec.kind]}"/>',
        "  </inputData>",
    ]


def _requirement(number: int) -> list[str]:
    return [
        f'    <informationRequirement id="requirement_{number}">',
        f'      <requiredInput href="#data_{number}"/>',
        "    </informationRequirement>",
    ]


def _input(number: int, spec: FactSpec) -> list[str]:
    values = _domain(spec)
    listed = (
        []
        if values is None
        else [f'        <inputValues id="values_{number}"><text>{escape(values)}</text></inputValues>']
    )
    return [
        f'      <input id="input_{number}" label={quoteattr(spec.name)}>',
        f'        <inputExpression id="expression_{number}" typeRef="{_TYPES[spec.kind]}">'
        f"<text>{escape(spec.name)}</text></inputExpression>",
        *listed,
        "      </input>",
    ]


def _domain(spec: FactSpec) -> str | None:
    """The declared values; None for yes or no, and for words too many for one cell (the cells then name them)."""
    if spec.kind is FactKind.BOOLEAN:
        return None
    if spec.kind is FactKind.ENUM:
        return ",".join(_quoted(value) for value in spec.values)
    if spec.domain.low is None or spec.domain.high is None:
        return None
    return f"[{_number(spec.kind, spec.domain.low)}..{_number(spec.kind, spec.domain.high)}]"


def _output_columns(policy: Policy) -> list[str]:
    lines: list[str] = []
    person = _values(None)
    for number, ((name, kind), default) in enumerate(zip(_OUTPUTS, person, strict=True), 1):
        label = quoteattr(say(Lang.ZH, f"dmn.export.{name}"))
        lines.append(f'      <output id="output_{number}" name="{name}" label={label} typeRef="{kind}">')
        if name == "outcome":
            words = ",".join(_quoted(_OUTCOME_WORDS[outcome]) for outcome in policy.outcomes)
            lines.append(f'        <outputValues id="output_values_{number}"><text>{words}</text></outputValues>')
        lines += [
            f'        <defaultOutputEntry id="default_{number}"><text>{escape(default)}</text></defaultOutputEntry>',
            "      </output>",
        ]
    return lines


def _rule(number: int, policy: Policy, entry: Entry) -> list[str]:
    tests = {test.fact: test for test in entry.when}
    lines = [f'      <rule id="rule_{number}">']
    for column, spec in enumerate(policy.facts, 1):
        cell = _cell(spec, tests.get(spec.name))
        if len(cell) > CELL_CHARS_MAX:
            problem = Problem(1, 1, "dmn.reason.cell_too_long", {"clauses": entry.decides.id, "limit": CELL_CHARS_MAX})
            raise NotExportable((problem,), reason="cell_too_long")
        lines.append(f'        <inputEntry id="in_{number}_{column}"><text>{escape(cell)}</text></inputEntry>')
    for column, value in enumerate(_values(entry.decides), 1):
        lines.append(f'        <outputEntry id="out_{number}_{column}"><text>{escape(value)}</text></outputEntry>')
    note = entry.decides.name
    if len(entry.meeting) > 1:
        note = say(Lang.ZH, "dmn.export.meeting", name=note, clauses="、".join(entry.meeting))
    lines += [f"        <annotationEntry><text>{escape(note)}</text></annotationEntry>", "      </rule>"]
    return lines


def _values(clause: Clause | None) -> tuple[str, ...]:
    """The outputs of a clause, or of none: a person."""
    if clause is None:
        return _quoted(_OUTCOME_WORDS[Outcome.PERSON]), '""', '""', '""', "false"
    evidence = "、".join(EVIDENCE_NAMES.get(code, code) for code in clause.needs)
    formula = "" if clause.amount is None else rule_formula(Lang.ZH, clause.amount)
    automatic = "true" if clause.automatic else "false"
    return _quoted(_OUTCOME_WORDS[clause.outcome]), _quoted(clause.id), _quoted(evidence), _quoted(formula), automatic


def _cell(spec: FactSpec, test: Test | None) -> str:
    if test is None:
        return "-"
    if spec.kind is FactKind.BOOLEAN:
        words = [text for word, text in ((YES, "true"), (NO, "false")) if word in test.values]
        return "-" if len(words) > 1 else "".join(words)
    if spec.kind is FactKind.ENUM:
        return ",".join(_quoted(value) for value in test.values)
    spans = [_span(spec.kind, span) for span in test.ranges]
    return "-" if "-" in spans else ",".join(spans)


def _span(kind: FactKind, span: Range) -> str:
    """Whole seconds or fen as an interval of numbers between which nothing is left open.

    'Over 1 hour' is 3601 seconds and more here; there it must be `> 1 hour`, or half a second would be nobody's.
    """
    low = None if span.low is None else (span.low, True)
    high = None if span.high is None else (span.high, True)
    if kind is not FactKind.COUNT:
        low = None if span.low is None else boundary(kind, span.low)
        above = None if span.high is None else boundary(kind, span.high + 1)
        high = None if above is None else (above[0], not above[1])
    found = Span(
        None if low is None else Fraction(low[0]),
        low is not None and low[1],
        None if high is None else Fraction(high[0]),
        high is not None and high[1],
    )
    return span_text(found, lambda end: _number(kind, int(end)))


def _number(kind: FactKind, value: int) -> str:
    if kind is FactKind.DURATION:
        return f'duration("{duration_text(Fraction(value))}")'
    return decimal_text(Fraction(value, MINOR_PER_MAJOR)) if kind is FactKind.AMOUNT else str(value)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
