"""Batches against `judge`: every answer of every row, whatever the values, the evidence and the size of the tables."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.bench.policy_maker import made
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_structured import structured
from huiliu.policy.batch.codes import OTHER_WORD, FactCoding
from huiliu.policy.batch.judging import CHUNK_ROWS, Answer, AnswerIds, Batch
from huiliu.policy.batch.table import ClassTable, distinct_rows
from huiliu.policy.evaluate import judge
from huiliu.policy.identity import sealed
from huiliu.policy.model import (
    Clause,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Outcome,
    Policy,
    Range,
    Test,
)
from tests.policy.files import demo, example

STRAY_NUMBERS = (-5, 0, 1, 7, 3_600, 3_601, 86_400, 86_401, 50_000, 10**12)


def drawn_value(random: Random, spec: FactSpec) -> FactValue | None:
    """Any value: of the declared domain or far outside of it, or none."""
    if random.random() < 0.15:
        return None
    match spec.kind:
        case FactKind.BOOLEAN:
            return random.random() < 0.5
        case FactKind.ENUM:
            return random.choice((*spec.values, "没有的词"))
        case _:
            low, high = spec.domain.low or 0, spec.domain.high or 10
            return random.choice((random.randint(low, high), random.choice(STRAY_NUMBERS)))


def drawn_cases(random: Random, policy: Policy, count: int) -> list[tuple[Facts, frozenset[str]]]:
    cases: list[tuple[Facts, frozenset[str]]] = []
    for _ in range(count):
        values = {spec.name: value for spec in policy.facts if (value := drawn_value(random, spec)) is not None}
        proven = frozenset(spec.name for spec in policy.facts if random.random() < 0.5)
        cases.append((Facts(values, proven), frozenset(code for code in policy.costs if random.random() < 0.5)))
    return cases


def answers_of(batch: Batch, ids: AnswerIds) -> list[Answer]:
    return [batch.answers[int(number)] for number in ids]


def check(batch: Batch, cases: list[tuple[Facts, frozenset[str]]], *, cooled: bool = False, threads: int = 1) -> None:
    rows = [batch.codes_of(facts) for facts, _ in cases]
    codes = {coding.fact: np.array([row[coding.fact] for row in rows], coding.dtype) for coding in batch.codings}
    evidence = np.array([batch.bits_of(shown) for _, shown in cases], np.uint32)
    found = batch.decide(codes, evidence, threads=threads)
    for answer, (facts, shown) in zip(answers_of(batch, found), cases, strict=True):
        verdict = judge(batch.policy, facts, shown, cooled=cooled)
        assert answer == batch.answer(verdict), (facts, shown)
        assert set(batch.missing_of(answer)) == set(verdict.missing)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([1 << 23, 64, 1]), st.booleans())
def test_a_batch_says_of_every_case_what_judging_it_says(seed: int, cells_max: int, cooled: bool) -> None:
    random = repeatable(seed)
    policy = made(random)
    batch = Batch(policy, cooled=cooled, cells_max=cells_max)

    for _ in range(3):  # the second and third time the tables are partly filled
        check(batch, drawn_cases(random, policy, 60), cooled=cooled)


@pytest.mark.parametrize("policy", [example(), demo()], ids=["example", "demo"])
@pytest.mark.parametrize("cells_max", [1 << 23, 2_000])
def test_a_batch_agrees_on_the_policies_as_written(policy: Policy, cells_max: int) -> None:
    check(Batch(policy, cells_max=cells_max), drawn_cases(repeatable(1), policy, 3_000))


@pytest.mark.parametrize("cells_max", [1 << 23, 5_000])
def test_a_batch_agrees_on_a_large_policy(cells_max: int) -> None:
    policy = structured(repeatable(3), clauses=100, facts=12)

    check(Batch(policy, cells_max=cells_max), drawn_cases(repeatable(4), policy, 3_000))


def test_two_threads_give_what_one_gives() -> None:
    policy = structured(repeatable(5), clauses=40, facts=9)
    random = np.random.default_rng(6)
    one, two = Batch(policy), Batch(policy)
    rows = 3 * CHUNK_ROWS + 17
    codes = {c.fact: random.integers(0, c.size, rows).astype(c.dtype) for c in one.codings}
    evidence = random.integers(0, 1 << len(policy.costs), rows).astype(np.uint16)

    alone, together = one.decide(codes, evidence), two.decide(codes, evidence, threads=2)

    assert answers_of(one, alone) == answers_of(two, together)


def wide_policy(*, kinds: int) -> Policy:
    """Clauses that between them need many kinds of evidence, and alternatives of equal worth."""
    codes = tuple(f"kind{i}" for i in range(kinds))
    spec = FactSpec("种类", FactKind.ENUM, values=("甲", "乙"))
    clauses = (
        Clause("F1", "一", (Test("种类", ("甲",)),), Outcome.FULL, needs=codes[: kinds // 2]),
        Clause("F2", "二", (Test("种类", ("甲",)),), Outcome.FULL, needs=codes[kinds // 2 :]),
        Clause("F3", "三", (Test("种类", ("乙",)),), Outcome.REJECT, needs=(codes[0], codes[-1])),
    )
    costs = {code: 1 + i % 3 for i, code in enumerate(codes)}
    return sealed(
        Policy(name="宽", id="wide", label="1", facts=(spec,), outcomes=tuple(Outcome), clauses=clauses, costs=costs)
    )


@pytest.mark.parametrize("kinds", [10, 11, 17, 32])
def test_many_kinds_of_evidence_are_told_apart(kinds: int) -> None:
    policy = wide_policy(kinds=kinds)

    check(Batch(policy), drawn_cases(repeatable(kinds), policy, 400))


def test_evidence_may_come_in_an_order_of_its_own() -> None:
    policy = example()
    order = ("other", "platform_check", "unused_declaration", "paid_shot")
    batch = Batch(policy, evidence=order)
    facts = Facts({"退款原因": "不想要了", "下单时长": 7_200, "金额": 100, "曾伪造凭证": False})
    codes = {name: np.array([code]) for name, code in batch.codes_of(facts).items()}

    (answer,) = answers_of(batch, batch.decide(codes, np.array([0b0010])))

    assert batch.missing_of(answer) == ("unused_declaration",)


def test_a_fact_without_a_column_is_unknown() -> None:
    batch = Batch(example())
    reason = batch.coding("退款原因")
    assert reason is not None

    (answer,) = answers_of(batch, batch.decide({reason.fact: np.array([reason.code("不想要了")])}))

    assert answer == batch.answer(judge(example(), Facts({"退款原因": "不想要了"}), frozenset()))
    assert answer.asks


def test_a_policy_without_conditions_is_judged_too() -> None:
    policy = sealed(
        Policy(
            name="空",
            id="none",
            label="1",
            facts=(),
            outcomes=tuple(Outcome),
            clauses=(Clause("F1", "一", (), Outcome.REJECT, needs=("other",)),),
            costs={"other": 1},
        )
    )
    batch = Batch(policy)

    found = batch.decide({}, np.array([0, 1], np.uint8))

    assert [batch.missing_of(answer) for answer in answers_of(batch, found)] == [("other",), ()]


def test_a_code_out_of_range_is_refused() -> None:
    batch = Batch(example())
    with pytest.raises(ValueError, match="out of range"):
        batch.decide({"退款原因": np.array([99], np.uint8)})
    with pytest.raises(ValueError, match="out of range"):
        batch.decide({"退款原因": np.array([-1], np.int8)})


def test_no_rows_are_no_answers() -> None:
    assert len(Batch(example()).decide({"退款原因": np.array([], np.uint8)})) == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-100, 100), min_size=0, max_size=60, unique=True),
    st.lists(st.tuples(st.integers(-120, 120), st.booleans(), st.booleans()), min_size=1, max_size=20),
    st.booleans(),
)
def test_columns_of_numbers_are_coded_as_single_numbers_are(
    cuts: list[int], rows: list[tuple[int, bool, bool]], tells_proof: bool
) -> None:
    coding = FactCoding("数", is_number=True, cuts=tuple(sorted(cuts)), is_proof_told=tells_proof)
    values, known, proven = (np.array(column) for column in zip(*rows, strict=True))

    found = coding.numbers(values, known=known, proven=proven)

    assert found.tolist() == [coding.code(v if k else None, is_proven=p) for v, k, p in rows]


def test_columns_of_words_are_coded_as_single_words_are() -> None:
    coding = FactCoding("词", is_number=False, words=("甲", "乙"), is_proof_told=True)
    words = ("乙", None, "丙", "甲")

    found = coding.translated(
        np.array([0, 1, 2, 3, 3], np.uint8), words, proven=np.array([True, True, False, False, True])
    )

    assert found.tolist() == [
        coding.code("乙", is_proven=True),
        coding.code(None, is_proven=True),
        coding.code("丙"),
        coding.code("甲"),
        coding.code("甲", is_proven=True),
    ]
    assert [coding.value(code) for code in range(3)] == [("甲", True), ("乙", True), (OTHER_WORD, True)]


def test_a_full_table_takes_no_more_classes() -> None:
    table = ClassTable(4, cells_max=8)

    assert [table.begin_of((key, 0)) for key in (5, 6, 7, 5)] == [0, 4, -1, 0]


def test_rows_of_words_that_mix_into_one_number_are_still_told_apart() -> None:
    mixed = 0x9E3779B97F4A7C15
    rows = np.array([[0, 5], [1, 5 ^ mixed], [0, 5]], np.uint64)

    first, inverse = distinct_rows(rows)

    assert rows[first[inverse]].tolist() == rows.tolist()
    assert len(first) == 2


def test_ranges_of_the_domain_do_not_bound_what_is_judged() -> None:
    spec = FactSpec("数", FactKind.COUNT, domain=Range(0, 3))
    policy = sealed(
        Policy(
            name="数",
            id="n",
            label="1",
            facts=(spec,),
            outcomes=tuple(Outcome),
            clauses=(Clause("F1", "一", (Test("数", ranges=(Range(2, 5),)),), Outcome.REJECT),),
        )
    )
    cases = [(Facts({"数": n}), frozenset[str]()) for n in range(-3, 9)]

    check(Batch(policy), cases)


def test_many_cuts_are_searched_and_their_own_values_belong_above() -> None:
    coding = FactCoding("数", is_number=True, cuts=tuple(range(0, 200, 2)))
    values = np.arange(-3, 205)

    assert coding.numbers(values).tolist() == [coding.code(value) for value in range(-3, 205)]
