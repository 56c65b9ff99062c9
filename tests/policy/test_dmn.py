"""DMN tables: read exactly, checked as they are, refused when hostile, and a policy's export that answers as it does."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.kit.text import Lang
from huiliu.policy.dmn.cells import OTHER
from huiliu.policy.dmn.elements import DEPTH_MAX, SOURCE_BYTES_MAX
from huiliu.policy.dmn.feel import parse_unary
from huiliu.policy.dmn.lint import dmn_case_words, dmn_finding_todo, dmn_finding_words, dmn_lines, lint_dmn
from huiliu.policy.dmn.model import DmnTable, HitPolicy, TableError
from huiliu.policy.dmn.read import RULES_MAX, decisions_of, read_dmn
from huiliu.policy.lint.findings import FindingCode, Severity
from huiliu.policy.model import Facts
from huiliu.policy.wording import problem_words
from tests.policy.dmn.tables import HERE, document, table


def samples(source: bytes, *, closed: bool = False) -> tuple[object, ...]:
    """The cells of a table's first input, by their samples."""
    return read_dmn(source, closed=closed).table.axes[0].samples


def codes(dmn: DmnTable) -> list[tuple[FindingCode, tuple[int, ...]]]:
    """What is found, with the numbers of the rules."""
    numbers = {rule.id: rule.number for rule in dmn.rules}
    return [(finding.code, tuple(numbers[name] for name in finding.clauses)) for finding in lint_dmn(dmn)]


def refusal(source: bytes, decision: str | None = None) -> str:
    with pytest.raises(TableError) as caught:
        read_dmn(source, decision)
    problem = caught.value.problems[0]
    for lang in Lang:
        assert "…" not in problem_words(lang, problem)
    return problem.code.removeprefix("dmn.problem.")


def test_numbers_are_dense_unless_the_input_says_integer() -> None:
    rules = (("<= 5", '"a"'), (">= 6", '"b"'))

    assert [code for code, _ in codes(read_dmn(table(*rules)))] == [FindingCode.GAP]
    assert samples(table(*rules)) == ("5", "5.1", "6")
    for kind in ("integer", "long", "feel:integer"):
        assert codes(read_dmn(table(*rules, kind=kind))) == []
        assert samples(table(*rules, kind=kind)) == (5, 6)


def test_days_and_months_are_whole_and_durations_are_not() -> None:
    days = (('<= date("2024-02-28")', '"a"'), ('>= date("2024-02-29")', '"b"'))
    months = (('< duration("P1Y")', '"a"'), ('>= duration("P12M")', '"b"'))
    hours = (('<= duration("PT1H")', '"a"'), ('>= duration("PT1H1S")', '"b"'))

    assert samples(table(*days, kind="date")) == ("2024-02-28", "2024-02-29")
    assert codes(read_dmn(table(*months, kind=""))) == []
    assert samples(table(*hours, kind="days and time duration")) == ("PT1H", "PT1H0.1S", "PT1H1S")


def test_a_point_between_two_open_bounds_is_a_gap() -> None:
    source = table(("< 1", '"a"'), ("> 1", '"b"'))

    (finding,) = lint_dmn(read_dmn(source))

    assert finding.examples[0].facts.values == {"in 0": "1"}


def test_declared_values_close_an_input() -> None:
    closed = table(('"a"', '"1"'), ('not("a")', '"2"'), kind="string", values='"a","b"')
    numbers = table(("<= 10", '"1"'), ("> 10", '"2"'), values="[0..20],30")

    assert samples(closed) == ("a", "b")
    assert samples(numbers) == ("10", "20", "30")
    assert read_dmn(closed).notes == ()


def test_text_without_declared_values_is_open_and_says_so() -> None:
    source = table(('"a"', '"1"'), ('"b"', '"2"'), kind="string")

    dmn = read_dmn(source)

    assert samples(source) == ("a", "b", OTHER)
    assert [note.code for note in dmn.notes] == ["dmn.note.open_values"]
    assert "in 0" in problem_words(Lang.EN, dmn.notes[0])
    assert [finding.examples[0].facts.values for finding in lint_dmn(dmn)] == [{"in 0": OTHER}]
    assert samples(source, closed=True) == ("a", "b")
    assert codes(read_dmn(source, closed=True)) == []


@pytest.mark.parametrize("hit", list(HitPolicy))
def test_what_a_hit_policy_makes_of_two_rules_that_meet(hit: HitPolicy) -> None:
    source = table(("< 10", '"worse"'), ("< 5", '"better"'), (">= 10", '"worse"'), hit=hit, outputs='"better","worse"')
    if hit in (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER):
        assert refusal(source) == "hit_policy_list"
        return

    found = codes(read_dmn(source))

    if hit is HitPolicy.PRIORITY:
        assert found == []
    elif hit is HitPolicy.FIRST:
        assert (FindingCode.SHADOWED, 2) in [(code, rules[0]) for code, rules in found]
    else:
        assert found == [(FindingCode.CONFLICT, (1, 2))]


def test_rules_that_meet_and_answer_alike_do_not_contradict_each_other() -> None:
    for hit in ("UNIQUE", "ANY"):
        assert codes(read_dmn(table(("< 10", "1.0"), (">= 5", "1"), hit=hit))) == []


PUBLISHED = {
    "discount.dmn": {(FindingCode.SHADOWED, 4), (FindingCode.GAP, 0)},
    "holidays.dmn": {(FindingCode.CONFLICT, 1), (FindingCode.CONFLICT, 5)},
    "loan.dmn": {(FindingCode.GAP, 0)},
    "refund.dmn": {(FindingCode.GAP, 0)},
    "shipping.dmn": {(FindingCode.SHADOWED, 4), (FindingCode.GAP, 0)},
}


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_a_table_as_it_is_published_is_checked(name: str) -> None:
    dmn = read_dmn((HERE / name).read_bytes())

    findings = lint_dmn(dmn)

    assert {(code, rules[0] if rules else 0) for code, rules in codes(dmn)} == PUBLISHED[name]
    text = (HERE / name).read_text("utf-8").splitlines()
    for finding in findings:
        assert all("<rule" in text[line - 1] for line in dmn_lines(dmn, finding))
        for lang in Lang:
            said = dmn_finding_words(lang, dmn, finding)
            assert f"{dmn.inputs[0].name} = " in dmn_case_words(lang, finding.examples[0].facts)
            assert dmn_finding_todo(lang, finding)
            rules = [dmn.rule(name) for name in finding.clauses]
            assert all(rule is not None and f"{rule.number} (" in said.replace("（", " (") for rule in rules)


def test_every_example_of_a_finding_shows_it() -> None:
    for name in PUBLISHED:
        dmn = read_dmn((HERE / name).read_bytes())
        numbers = {rule.id: rule.number for rule in dmn.rules}
        for finding in lint_dmn(dmn):
            for example in finding.examples:
                met = matching(dmn, example.facts)
                if finding.code is FindingCode.GAP:
                    assert met == []
                else:
                    assert {numbers[each] for each in finding.clauses} & set(met)


def matching(dmn: DmnTable, facts: Facts) -> list[int]:
    """The numbers of the rules that hold for a case of samples."""
    cells = [axis.samples.index(facts.values[axis.fact]) for axis in dmn.table.axes]
    return [rule.number for rule in dmn.rules if all(mask >> c & 1 for mask, c in zip(rule.box, cells, strict=True))]


def test_a_gap_is_a_note_where_the_table_has_a_default() -> None:
    dmn = read_dmn((HERE / "refund.dmn").read_bytes())

    assert {finding.severity for finding in lint_dmn(dmn)} == {Severity.NOTE}
    assert [note.facts for note in dmn.notes] == [{"default": "人工"}]


def test_a_decision_is_chosen_by_id_or_name() -> None:
    one = (
        '<decision id="{0}" name="N{0}"><decisionTable><input><inputExpression><text>x</text></inputExpression></input>'
    )
    one += "<output/><rule><inputEntry><text>-</text></inputEntry><outputEntry><text>{0}</text></outputEntry></rule>"
    one += "</decisionTable></decision>"
    source = document(one.format(1) + one.format(2) + '<decision id="3" name="L"><literalExpression/></decision>')

    assert refusal(source) == "several_decisions"
    assert refusal(source, "4") == "no_such_decision"
    assert refusal(source, "3") == "not_a_table"
    assert [read_dmn(source, name).rules[0].outputs for name in ("2", "N1")] == [("2",), ("1",)]
    assert decisions_of(source) == (("1", "N1"), ("2", "N2"))


BOMB = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
REQUIRED = (
    '<decision id="d"><informationRequirement><requiredDecision href="#e"/></informationRequirement><decisionTable/>'
)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "xml"),
        (b"not xml", "xml"),
        (b"<definitions/>", "not_dmn"),
        (b"\xff\xfe<\x00d\x00", "not_utf8"),
        ('<definitions name="政策"/>'.encode("gb18030"), "not_utf8"),
        (b'<?xml version="1.0" encoding="GBK"?><definitions/>', "encoding"),
        (b"<definitions>\x01</definitions>", "control_character"),
        (f"{BOMB}<definitions>&b;</definitions>".encode(), "doctype"),
        (b"<!DOCTYPE definitions><definitions/>", "doctype"),
        (b'<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd"><definitions/>', "doctype"),
        (b"<definitions>" * (DEPTH_MAX + 1), "too_deep"),
        (b"<definitions>" + b"<a/>" * 60_000 + b"</definitions>", "too_many_elements"),
        (b"<definitions>" + b"x" * 10_000 + b"</definitions>", "text_too_long"),
        (b"<definitions " + b"".join(b'a%d="" ' % i for i in range(40)) + b"/>", "too_many_attributes"),
        (b" " * (SOURCE_BYTES_MAX + 1), "too_large"),
        (b" " * 10_000_000, "too_large"),
        (document(""), "no_decision"),
        (document('<decision id="d"><context/></decision>'), "not_a_table"),
        (document(REQUIRED + "</decision>"), "required_decision"),
        (document('<decision id="d"><decisionTable/></decision>'), "none"),
        (document('<decision id="d"><decisionTable hitPolicy="BEST"/></decision>'), "hit_policy_unknown"),
        (document('<decision id="d"/><inputData id="d"/>'), "duplicate_id"),
        (table(*[("1", '"a"')] * (RULES_MAX + 1)), "too_many"),
        (table(*[("1", '"a"')] * 1000), "too_many"),
        (table(("1", '"a"'), ("1", "1", '"a"')), "entries"),
        (table(("1", '"a"'), ("true", '"a"')), "mixed_kinds"),
        (table(('"1"', '"a"')), "mixed_kinds"),
        (table(("1e5", '"a"')), "feel_syntax"),
        (table(("> 5", '"a"'), values="[0..5]"), "never"),
        (table(('"c"', '"a"'), kind="string", values='"a","b"'), "value_unlisted"),
        (table(("1", "")), "output_empty"),
        (table(("1", '"a"'), hit="PRIORITY"), "no_priority"),
        (table(("1", '"a"'), hit="PRIORITY", outputs='"b"'), "output_unlisted"),
        (table(*[(f"{i}", '"a"') for i in range(500)], values="0"), "never"),
        (table(*[(f"{3 * i},{3 * i + 1},{3 * i + 2}", '"a"') for i in range(400)]), "too_many_bounds"),
        (table(*[(",".join(f"{i}.{j}" for j in range(200)), '"a"') for i in range(200)]), "too_many_tests"),
        (table(*[(f'"{i}"', '"a"') for i in range(300)], kind="string"), "too_many_values"),
    ],
)
def test_a_file_that_is_hostile_or_not_one_table_is_refused(source: bytes, code: str) -> None:
    assert refusal(source) == code


def test_the_place_of_a_bad_cell_is_said() -> None:
    with pytest.raises(TableError) as caught:
        read_dmn(table(("1", '"a"'), ("2", '"a"'), ("x", '"a"')))

    assert [(problem.line, problem.code) for problem in caught.value.problems] == [(4, "dmn.problem.name")]


def test_the_same_input_twice_is_refused_and_labels_that_repeat_give_way_to_expressions() -> None:
    twice = table(("1", "2", '"a"')).replace(b"x1", b"x0")
    labels = table(("1", "2", '"a"')).replace(b'label="in 1"', b'label="in 0"')

    assert refusal(twice) == "duplicate_input"
    assert [given.name for given in read_dmn(labels).inputs] == ["x0", "x1"]


numbers = st.integers(-3, 8).map(lambda n: Fraction(n, 2))


@st.composite
def unaries(draw: st.DrawFn) -> str:
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
        shape = draw(
            st.sampled_from(["{0}", "< {0}", "<= {0}", "> {0}", ">= {0}", "[{0}..{1}]", "({0}..{1})", "]{0}..{1}]"])
        )
        parts.append(shape.format(float(low), float(high)))
    cell = ", ".join(parts)
    return draw(st.sampled_from([cell, cell, f"not({cell})", "-"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(unaries(), min_size=1, max_size=6), st.sampled_from(["number", "integer"]))
def test_no_rule_tells_two_values_of_one_cell_apart_and_no_value_is_left_out(cells: list[str], kind: str) -> None:
    dmn = read_or_none(table(*[(cell, '"a"') for cell in cells], kind=kind))
    if dmn is None:
        return
    tests = [parse_unary(cell) for cell in cells]
    step = 1 if kind == "integer" else 8
    for n in range(-4 * step, 6 * step):
        value = Fraction(n, step)
        inside = [i for i, cell in enumerate(dmn.inputs[0].cells) if cell.span is not None and value in cell.span]
        assert len(inside) == 1
        for test, rule in zip(tests, dmn.rules, strict=True):
            assert bool(rule.box[0] >> inside[0] & 1) == test.holds(value)


def read_or_none(source: bytes) -> DmnTable | None:
    """None when a rule can never apply, which is refused."""
    try:
        return read_dmn(source)
    except TableError as error:
        if {problem.code for problem in error.problems} == {"dmn.problem.never"}:
            return None
        raise


def test_the_type_of_an_input_is_its_own_or_that_of_the_data_it_names() -> None:
    item = '<itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"a","b"</text></allowedValues>'
    data = '</itemDefinition><inputData name="x0"><variable name="x0" typeRef="tKind"/></inputData>'
    for kind in ("", "string", "tKind"):
        plain = table(('"a"', '"1"'), kind=kind).decode()
        source = plain.replace("<decision ", f"{item}{data}<decision ", 1).encode()

        assert samples(source) == ("a", "b")


def test_an_empty_output_is_a_value_beside_one_that_is_not() -> None:
    source = table(("1", '"a"')).replace(b'<output name="out">', b'<output name="more"/><output name="out">')
    source = source.replace(b"<outputEntry>", b"<outputEntry><text></text></outputEntry><outputEntry>")

    assert read_dmn(source).rules[0].outputs == ("", "a")


def test_a_file_of_another_editor_s_making_is_read_alike() -> None:
    """A prefix for DMN's names, foreign attributes, CDATA, empty cells, an input whose type is the file's own."""
    dmn = read_dmn((HERE / "prefixed.dmn").read_bytes())

    assert [given.name for given in dmn.inputs] == ["Age", "RiskCategory"]
    assert [axis.samples for axis in dmn.table.axes] == [("17", "18"), ("High", "Low", "Medium")]
    assert [(rule.box, rule.outputs) for rule in dmn.rules] == [((2, 6), ("Approved",)), ((3, 7), ("Declined",))]
    assert codes(dmn) == []
