"""What many cases' clauses pay, to the minor unit as `amount.refund_amount` computes it for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from huiliu.kit.money import Rounding
from huiliu.policy.amount import TIME_UNITS
from huiliu.policy.backtest.columns import MoneyColumns, Use
from huiliu.policy.batch.codes import Truths
from huiliu.policy.batch.judging import Answer
from huiliu.policy.model import AmountRule, Basis

Minor: TypeAlias = npt.NDArray[np.int64]

PRODUCT_BITS_MAX = 62
"""Products of an amount and a use stay within a signed 64-bit integer."""


@final
class Payouts:
    """What a batch's answers pay. Keeps up with the answers as they become more; one thread each."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers
        self._rules: dict[AmountRule, int] = {}
        self._table: npt.NDArray[np.int16] = np.empty(0, np.int16)

    def refunds(self, ids: npt.NDArray[np.int32], money: MoneyColumns) -> tuple[Minor, Truths]:
        """What each case is paid now, in minor units, and which pay nothing only because nobody measured the use.

        Zero wherever the answer is no refund, or waits for evidence or a fact. Raises OverflowError: an amount times a use
        does not fit 64 bits.
        """
        self._keep_up()
        refunds = np.zeros(len(ids), np.int64)
        unmeasured = np.zeros(len(ids), np.bool_)
        wanted = self._table.take(ids)
        for rule, number in self._rules.items():
            rows = np.flatnonzero(wanted == number)
            if len(rows):
                refunds[rows], unmeasured[rows] = _refunds(rule, rows, money)
        return refunds, unmeasured

    def _keep_up(self) -> None:
        count = len(self._answers)
        if len(self._table) == count:
            return
        added = [answer.amount if answer.pays else None for answer in self._answers[len(self._table) : count]]
        numbers = [-1 if rule is None else self._rules.setdefault(rule, len(self._rules)) for rule in added]
        self._table = np.concatenate([self._table, np.array(numbers, np.int16)])


def _refunds(rule: AmountRule, rows: npt.NDArray[np.intp], money: MoneyColumns) -> tuple[Minor, Truths | bool]:
    paid = money.paid.take(rows).astype(np.int64)
    already = 0 if money.taken is None else money.taken.take(rows)
    entitled = paid
    if not rule.fee_returned and money.fee is not None:
        entitled = paid - np.minimum(money.fee.take(rows), paid)
    unmeasured: Truths | bool = False
    if rule.basis is not Basis.FULL:
        total, used, measured = _use(rule.basis, rows, money)
        unmeasured = ~measured
        entitled = _part(entitled, total, used, rule.rounding)
    if rule.cap_minor is not None:
        entitled = np.minimum(entitled, rule.cap_minor)
    refunds = np.maximum(np.minimum(entitled, paid) - already, 0)
    if rule.basis is not Basis.FULL:
        refunds[unmeasured] = 0
    return refunds, unmeasured


def _part(entitled: Minor, total: Minor, used: Minor, rounding: Rounding) -> Minor:
    """The share that is not used, the odd fraction of a minor unit going where `rounding` says."""
    if len(entitled) and int(np.abs(entitled).max()).bit_length() + int(total.max()).bit_length() > PRODUCT_BITS_MAX:
        raise OverflowError("an amount times a use does not fit 64 bits")
    scaled = entitled * (total - used)
    return -(-scaled // total) if rounding is Rounding.FAVOUR_BUYER else scaled // total


def _use(basis: Basis, rows: npt.NDArray[np.intp], money: MoneyColumns) -> tuple[Minor, Minor, Truths]:
    """(total, used, whether there is a measure), with a harmless 1 and 0 where there is none."""
    if basis is Basis.TIME:
        total, used, known = _taken(money.time, rows)
        more = _taken(money.units, rows, only_time=True)
        total, used = np.where(known, total, more[0]), np.where(known, used, more[1])
        known = known | more[2]
    else:
        total, used, known = _taken(money.units if basis is Basis.UNITS else money.promised, rows)
    measured = known & (used >= 0) & (used <= total) & (total > 0)
    return np.where(measured, total, 1), np.where(measured, used, 0), measured


def _taken(use: Use | None, rows: npt.NDArray[np.intp], *, only_time: bool = False) -> tuple[Minor, Minor, Truths]:
    if use is None or (only_time and use.unit is None):
        nothing = np.zeros(len(rows), np.int64)
        return nothing, nothing, np.zeros(len(rows), np.bool_)
    known = np.ones(len(rows), np.bool_) if use.known is None else use.known.take(rows)
    if only_time and use.unit is not None:
        known &= np.array([word in TIME_UNITS for word in use.unit.words], np.bool_).take(use.unit.codes.take(rows))
    return use.total.take(rows).astype(np.int64), use.used.take(rows).astype(np.int64), known
