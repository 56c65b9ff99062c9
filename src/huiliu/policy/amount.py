"""How much a clause pays, with the arithmetic written out so that buyer and reviewer read the same sum."""

from __future__ import annotations

import msgspec

from huiliu.kit.money import Money, Rounding
from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.model import AmountRule, Basis

TIME_UNITS = frozenset({"second", "minute", "hour", "day", "week", "month"})
"""Units of use that measure time, so that they can stand in for the promised period."""


class OrderMoney(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid for the line, the payment fee within it, and what is already back or on its way."""

    paid: Money
    fee: Money
    refunded: Money
    reserved: Money


class Used(msgspec.Struct, frozen=True):
    """How much of what was promised is used up: 12 of 30 days."""

    total: int
    used: int
    unit: str = ""


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """A computed refund and every number of its formula."""

    refund: Money
    paid: Money
    fee_kept: Money
    entitled: Money
    """What the clause gives before earlier refunds and what is left to refund are looked at."""
    already: Money
    rounding: Rounding
    use: Used | None = None
    cap: Money | None = None
    basis: Basis = Basis.FULL


def refund_amount(
    rule: AmountRule,
    money: OrderMoney,
    *,
    units: Used | None = None,
    time: Used | None = None,
    promised: Used | None = None,
) -> Amount | None:
    """The refund by a clause's rule; None when it needs a measure of use that nobody has, so a person must say.

    `units` is the recorded use, `time` the used part of a promised period; a recorded use in days serves as time too.
    `promised` is what was delivered of what was promised.
    Never more than is left of the payment.
    """
    use: Used | None = None
    if rule.basis is Basis.UNITS:
        use = units
    elif rule.basis is Basis.TIME:
        use = time or (units if units is not None and units.unit in TIME_UNITS else None)
    elif rule.basis is Basis.PROMISED:
        use = promised
    if rule.basis is not Basis.FULL and (use is None or not 0 <= use.used <= use.total or use.total == 0):
        return None
    zero = Money(0, money.paid.currency)
    fee_kept = zero if rule.fee_returned else min(money.fee, money.paid)
    entitled = money.paid - fee_kept
    if use is not None:
        entitled = entitled.part(use.total - use.used, use.total, rule.rounding)
    cap = None if rule.cap_minor is None else Money(rule.cap_minor, money.paid.currency)
    capped = entitled if cap is None else min(entitled, cap)
    already = money.refunded + money.reserved
    # With some of the payment back already, the clause gives the rest of what it gives, within what is left.
    refund = max(zero, min(capped - already, money.paid - already))
    return Amount(
        refund=refund,
        paid=money.paid,
        fee_kept=fee_kept,
        entitled=entitled,
        already=already,
        rounding=rule.rounding,
        use=use,
        cap=cap if cap is not None and cap < entitled else None,
        basis=rule.basis,
    )


def formula(lang: Lang, amount: Amount) -> str:
    """The sum as one line: 已付 ¥100.00 × 未使用 18/30 天 = ¥60.00（不足一分的部分归您）."""
    line = say(lang, "policy.formula.paid", paid=amount.paid)
    if amount.fee_kept:
        key = "policy.formula.fee_grouped" if amount.use is not None else "policy.formula.fee"
        line = say(lang, key, before=line, fee=amount.fee_kept)
    if amount.use is not None:
        use = amount.use
        left = f"{use.total - use.used}/{use.total}"
        key = "policy.formula.undelivered" if amount.basis is Basis.PROMISED else "policy.formula.unused"
        line = say(lang, key, before=line, left=left, unit=_unit(lang, use)).rstrip()
    if amount.fee_kept or amount.use is not None:
        line = say(lang, "policy.formula.equals", before=line, amount=amount.entitled)
    if amount.use is not None:
        line += say(lang, f"policy.formula.{amount.rounding.value}")
    if amount.cap is not None:
        line += say(lang, "policy.formula.cap", cap=amount.cap)
    if amount.already:
        line += say(lang, "policy.formula.already", already=amount.already, amount=amount.refund)
    return line


def rule_formula(lang: Lang, rule: AmountRule) -> str:
    """The formula as it stands in the clause, before any case: 已付金额（含支付手续费）× 未使用的用量 ÷ 总量，…."""
    parts = [say(lang, f"policy.rule.{rule.basis.value}_{'with' if rule.fee_returned else 'without'}_fee")]
    if rule.cap_minor is not None:
        parts.append(say(lang, "policy.rule.cap", cap=Money(rule.cap_minor)))
    if rule.basis is not Basis.FULL:
        parts.append(say(lang, f"policy.rule.{rule.rounding.value}"))
    return say(lang, "policy.rule.joint").join(parts)


def _unit(lang: Lang, use: Used) -> str:
    key = f"policy.unit.{use.unit}"
    return say(lang, key) if use.unit and has_words(key) else use.unit
