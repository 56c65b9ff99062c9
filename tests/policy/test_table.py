"""Policies as tables of cells: every value is in one cell, and boxes say what the clauses say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.bench.policy_maker import made
from huiliu.bench.policy_oracle import Oracle, meets
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_versions import changed
from huiliu.policy.model import FactKind, FactSpec, Outcome, Range, Test
from huiliu.policy.parse import parse_policy
from huiliu.policy.space import Space, Steps, find, merged, outside
from huiliu.policy.table import Axis, axes_of, box_of, person_rank, ranks_of, situation_of, table_of
from tests.policy.files import demo, example, small


def test_a_number_is_cut_exactly_where_conditions_cut_it() -> None:
    text = "  - {编号: F1, 名称: 甲, 当: {下单时长: 超过1小时且1天以内}, 则: 全额退款}"
    (age,) = (axis for axis in table_of(parse_policy(small(text))).axes if axis.fact == "下单时长")

    assert age.spans == (Range(0, 3_600), Range(3_601, 86_400), Range(86_401, 30 * 86_400))
    assert all(sample in span for sample, span in zip(age.samples, age.spans, strict=True))


def test_facts_keep_their_order_and_clauses_their_rank() -> None:
    table = table_of(demo())

    assert tuple(axis.fact for axis in table.axes) == tuple(spec.name for spec in demo().facts)
    assert ranks_of(demo())["F1"] < ranks_of(demo())["F3"] < ranks_of(demo())["F9"] < ranks_of(demo())["F8"]
    assert 2 * ranks_of(demo())["F9"] + 1 < person_rank(demo()) < 2 * ranks_of(demo())["F8"] + 1


def test_a_fact_that_only_one_version_declares_does_not_matter_to_the_other() -> None:
    axes = axes_of((example(), demo()))
    box = box_of(axes, example().clauses[0].when, example())

    own = next(i for i, axis in enumerate(axes) if axis.fact == "交付状态")
    assert box[own] == axes[own].all


def test_a_box_is_said_as_a_clause_would_say_it() -> None:
    axes = (
        Axis("时长", (0, 5, 9, 20), (Range(0, 4), Range(5, 8), Range(9, 9), Range(10, 20))),
        Axis("前科", (False, True)),
        Axis("种类", ("甲", "乙", "丙")),
    )

    assert situation_of(axes, (0b1011, 0b10, 0b101)) == (
        Test("时长", (), (Range(None, 8), Range(10, None))),
        Test("前科", ("是",)),
        Test("种类", ("甲", "丙")),
    )
    assert situation_of(axes, (0b1111, 0b11, 0b111)) == ()


def test_the_place_of_a_person_without_a_clause_is_after_the_clauses_that_give_to_one() -> None:
    text = """
  - {编号: F1, 名称: 甲, 当: {次数: 3以下}, 则: 转人工}
  - {编号: F2, 名称: 乙, 当: {次数: 4以上}, 则: 拒绝}
"""
    policy = parse_policy(small(text))

    assert policy.outcomes.index(Outcome.PERSON) < policy.outcomes.index(Outcome.REJECT)
    assert 2 * ranks_of(policy)["F1"] + 1 < person_rank(policy) < 2 * ranks_of(policy)["F2"] + 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000))
def test_every_case_is_in_the_boxes_of_exactly_the_clauses_that_apply(seed: int) -> None:
    policy = made(repeatable(seed))
    other = changed(repeatable(seed), policy)
    table, oracle = table_of(policy, other), Oracle(policy)

    for case in oracle.cases[:: max(1, len(oracle.cases) // 40)]:
        cells = [_cell(axis, value) for axis, value in zip(table.axes, case, strict=True)]
        inside = tuple(
            i
            for i, rule in enumerate(table.rules)
            if all(mask >> cell & 1 for mask, cell in zip(rule.box, cells, strict=True))
        )
        assert inside == oracle.applying[case]
    for rule, clause in zip(table.rules, policy.clauses, strict=True):
        conditions = {test.fact: test for test in situation_of(table.axes, rule.box)}
        for axis, spec in zip(table.axes, policy.facts, strict=True):
            own = next((test for test in clause.when if test.fact == spec.name), None)
            for sample in axis.samples:
                said = conditions.get(spec.name)
                assert (said is None or meets(said, sample)) == (own is None or meets(own, sample))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_boxes_leave_of_a_box_is_found_once_and_whole(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes = tuple(Axis(f"轴{i}", tuple(str(cell) for cell in range(size))) for i, size in enumerate(sizes))
    space = Space(axes)
    boxes = st.tuples(*(st.integers(0, (1 << size) - 1) for size in sizes))
    start, minus = data.draw(boxes), data.draw(st.lists(boxes, max_size=8))
    assert space.unpack(space.pack(start)) == start
    assert space.is_empty(space.pack(start)) == (0 in start)
    left = _cases(start, sizes).difference(*(_cases(box, sizes) for box in minus))

    found = list(outside(space, space.pack(start), [space.pack(box) for box in minus], Steps()))

    covered = [case for box in found for case in _cases(space.unpack(box), sizes)]
    assert sorted(covered) == sorted(left)
    fewer = merged(space, found)
    assert len(fewer) <= len(found)
    assert sorted(case for box in fewer for case in _cases(space.unpack(box), sizes)) == sorted(left)
    one = find(space, space.pack(start), [space.pack(box) for box in minus], Steps())
    assert (one is None) == (not left)


def test_neighbouring_pieces_become_one_box() -> None:
    space = Space((Axis("甲", ("一", "二", "三")), Axis("乙", ("一", "二"))))
    pieces = [space.pack(box) for box in ((0b001, 0b01), (0b010, 0b01), (0b001, 0b10), (0b010, 0b10))]

    assert [space.unpack(box) for box in merged(space, pieces)] == [(0b011, 0b11)]


def _cell(axis: Axis, value: object) -> int:
    if axis.spans:
        (found,) = (i for i, span in enumerate(axis.spans) if isinstance(value, int) and value in span)
        return found
    (found,) = (i for i, sample in enumerate(axis.samples) if sample == value)
    return found


def _cases(box: tuple[int, ...], sizes: list[int]) -> set[tuple[int, ...]]:
    found: set[tuple[int, ...]] = {()}
    for mask, size in zip(box, sizes, strict=True):
        found = {(*case, cell) for case in found for cell in range(size) if mask >> cell & 1}
    return found


def test_an_open_domain_still_has_cells_with_ends() -> None:
    spec = FactSpec("次数", FactKind.COUNT)
    policy = parse_policy(small("  - {编号: F1, 名称: 甲, 当: {次数: 3以上}, 则: 拒绝}"))

    assert spec.domain == Range()
    assert all(span.low is not None and span.high is not None for axis in table_of(policy).axes for span in axis.spans)
