"""Cases judged by the columnful, beside the oracle one by one."""

from __future__ import annotations

import numpy as np

from huiliu.bench.policy_asks import expected_of, shown
from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import Decision
from huiliu.policy.batch.codes import FactCoding, Ints
from huiliu.policy.batch.judging import Answer, Batch
from huiliu.policy.batch.table import CELLS_MAX
from huiliu.policy.model import Facts, FactValue, Flag

ROWS = 30
FOREIGN_KINDS = tuple(f"别的凭证{i}" for i in range(24))
"""Evidence that a policy does not know: records of several policies share their columns."""
CUTS = 60
"""More than a fact of a made policy has: so many are searched, not compared."""


def ask_batch(subject: Subject, count: Count) -> None:
    """A few cases in columns: with facts unknown, unproven or undeclared, evidence in any order, tables of any size."""
    random, policy = subject.random, subject.policy
    kinds = [*policy.costs, *(FOREIGN_KINDS if random.random() < 0.3 else ())]
    order = tuple(random.sample(kinds, k=random.randint(1, len(kinds))))
    cooled = random.random() < 0.2
    batch = Batch(policy, evidence=order, cooled=cooled, cells_max=random.choice((1, 64, 1_024, CELLS_MAX)))
    drawn = [subject.drawn_case(known=random.choice((1.0, 1.0, 0.8)), strange=0.03)[:2] for _ in range(ROWS)]
    drawn += [(_beside(subject, facts), evidence) for facts, evidence in drawn]
    rows = [(facts, evidence.intersection(order)) for facts, evidence in random.sample(drawn, k=len(drawn))]
    columns = {coding.fact: _column(coding, [facts for facts, _ in rows]) for coding in batch.codings}
    for coding in batch.codings:
        single = [batch.codes_of(facts)[coding.fact] for facts, _ in rows]
        count.ask(subject.seed, f"the codes of {coding.fact}", found=columns[coding.fact].tolist(), expected=single)
    bits = np.asarray([batch.bits_of(evidence) for _, evidence in rows], np.uint32)
    numbers = batch.decide(columns, bits)
    for i, (facts, evidence) in enumerate(rows):
        found = batch.answers[int(numbers[i])]
        expected = expected_of(subject, facts, evidence, frozenset(batch.missing_of(found)), cooled=cooled)
        what = shown(facts, evidence, cooled=cooled)
        count.ask(subject.seed, what, found=_of_answer(batch, found), expected=_of_decision(expected))


def ask_many_cuts(subject: Subject, count: Count) -> None:
    """The codes of a number that is cut very often."""
    random = subject.random
    cuts = tuple(sorted(random.sample(range(10 * CUTS), k=random.choice((3, CUTS)))))
    coding = FactCoding("计数", is_number=True, cuts=cuts)
    values = [random.choice((random.choice(cuts), random.randrange(-5, 10 * CUTS + 5))) for _ in range(ROWS)]
    expected = [sum(cut <= value for cut in cuts) for value in values]
    count.ask(
        subject.seed, f"{values} cut at {cuts}", found=coding.numbers(np.asarray(values)).tolist(), expected=expected
    )


def _beside(subject: Subject, facts: Facts) -> Facts:
    """The case with one fact's proof, or its value, another: such cases are the likeliest to be taken for the same."""
    random = subject.random
    name = random.choice(subject.oracle.names)
    if random.random() < 0.5:
        return Facts(facts.values, facts.proven ^ {name})
    value = random.choice(subject.oracle.domains[subject.oracle.names.index(name)])
    return Facts({**facts.values, name: value}, facts.proven)


Told = tuple[object, str, frozenset[str], object, bool, frozenset[Flag], bool, bool]
"""Outcome, clause, missing evidence, amount, automatic, flags, conflict, whether a fact is asked for."""


def _of_answer(batch: Batch, answer: Answer) -> Told:
    clause = "" if answer.clause < 0 else batch.policy.clauses[answer.clause].id
    missing = frozenset(batch.missing_of(answer))
    flags = frozenset(answer.flags)
    return answer.outcome, clause, missing, answer.amount, answer.automatic, flags, answer.conflict, answer.asks


def _of_decision(told: Decision) -> Told:
    conflict, asks = bool(told.rivals), bool(told.ask)
    return told.outcome, told.clause, told.missing, told.amount, told.automatic, told.flags, conflict, asks


def _column(coding: FactCoding, cases: list[Facts]) -> Ints:
    """The cases' values of one fact, coded all at once."""
    values = [facts.values.get(coding.fact) for facts in cases]
    proven = np.asarray([coding.fact in facts.proven for facts in cases])
    if coding.is_number:
        known = np.asarray([value is not None for value in values])
        numbers = np.asarray([value if isinstance(value, int) else 0 for value in values], np.int64)
        return coding.numbers(numbers, known=known, proven=proven)
    words: list[FactValue | None] = list(dict.fromkeys(values))
    codes = np.asarray([words.index(value) for value in values], np.uint8)
    return coding.translated(codes, words, proven=proven)
