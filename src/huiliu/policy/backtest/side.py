"""One version of a policy in a back-test: what it makes of columns of claims, and of one of them by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from huiliu.kit.money import Money
from huiliu.policy.amount import OrderMoney, Used, refund_amount
from huiliu.policy.backtest.columns import ClaimColumns, MoneyColumns, Use
from huiliu.policy.backtest.report import PAYING, STATES, Judged, State
from huiliu.policy.batch.codes import Truths
from huiliu.policy.batch.judging import Batch
from huiliu.policy.batch.money import Minor, Payouts
from huiliu.policy.evaluate import judge

Numbered: TypeAlias = "dict[tuple[State, frozenset[str]], int]"
"""A number for each answer as far as answers compare: the state, and the evidence it waits for."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """Per claim: the place of its state in STATES, a number that is equal for equal answers, the refund in minor units,
    and whether it is a refund that nobody measured."""

    states: npt.NDArray[np.uint8]
    alike: npt.NDArray[np.int32]
    refunds: Minor
    unmeasured: Truths


@final
class Side:
    """A batch with what its answers mean here. One thread each; the batch may be shared. `kinds` numbers the answers, and
    is what the two sides of a comparison have in common."""

    def __init__(self, batch: Batch, kinds: Numbered) -> None:
        self.batch = batch
        self._kinds = kinds
        self._payouts = Payouts(batch.answers)
        self._states: npt.NDArray[np.uint8] = np.empty(0, np.uint8)
        self._alike: npt.NDArray[np.int32] = np.empty(0, np.int32)

    def judge(self, claims: ClaimColumns) -> Judgements:
        """Judge every claim."""
        ids = self.batch.decide(claims.codes(self.batch), claims.evidence)
        refunds, unmeasured = self._payouts.refunds(ids, claims.money)
        count = len(self.batch.answers)
        if count > len(self._states):
            added = self.batch.answers[len(self._states) : count]
            states = [State.MISSING if answer.missing else State(answer.outcome.value) for answer in added]
            keys = [
                (state, frozenset(self.batch.missing_of(answer))) for state, answer in zip(states, added, strict=True)
            ]
            alike = [self._kinds.setdefault(key, len(self._kinds)) for key in keys]
            self._states = np.concatenate([self._states, np.array([STATES.index(s) for s in states], np.uint8)])
            self._alike = np.concatenate([self._alike, np.array(alike, np.int32)])
        return Judgements(self._states.take(ids), self._alike.take(ids), refunds, unmeasured)

    def judge_one(self, claims: ClaimColumns, row: int, among: Judgements) -> Judged:
        """One claim by itself, as everything else in the program judges: it must come to the same."""
        facts, policy = claims.facts_at(self.batch.policy, row), self.batch.policy
        verdict = judge(policy, facts, claims.evidence_at(row))
        state = State.MISSING if verdict.missing else State(verdict.outcome.value)
        refund = None
        if state in PAYING and verdict.amount is not None:
            amount = refund_amount(
                verdict.amount,
                _money_at(claims.money, row),
                units=_use_at(claims.money.units, row),
                time=_use_at(claims.money.time, row),
                promised=_use_at(claims.money.promised, row),
            )
            refund = None if amount is None else amount.refund.amount_minor
        counted = STATES[int(among.states[row])], int(among.refunds[row])
        assert counted == (state, refund or 0), f"judged alone {(state, refund)}, among others {counted}"
        clause = None if verdict.clause is None else verdict.clause.id
        return Judged(state, clause, verdict.missing, verdict.ask, refund if state in PAYING else 0)


def _money_at(money: MoneyColumns, row: int) -> OrderMoney:
    fee, taken = (Money(0 if column is None else int(column[row])) for column in (money.fee, money.taken))
    return OrderMoney(paid=Money(int(money.paid[row])), fee=fee, refunded=taken, reserved=Money(0))


def _use_at(use: Use | None, row: int) -> Used | None:
    return None if use is None else use.at(row)
