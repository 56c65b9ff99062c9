"""Where one range of whole seconds, fen or times ends and the next begins, said by the rounder of the two neighbours."""

from __future__ import annotations

from huiliu.kit.money import MINOR_PER_MAJOR, Money
from huiliu.policy.model import DAY_SECONDS, HOUR_SECONDS, FactKind

MINUTE_SECONDS = 60
_STEPS = {
    FactKind.DURATION: (DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS),
    FactKind.AMOUNT: (MINOR_PER_MAJOR, MINOR_PER_MAJOR // 10),
}
_UNITS = ((DAY_SECONDS, "天"), (HOUR_SECONDS, "小时"), (MINUTE_SECONDS, "分钟"), (1, "秒"))


def boundary(kind: FactKind, first: int) -> tuple[int, bool]:
    """Between first - 1 and first: the number to name, and whether the values above include it.

    3601 seconds and more is 'over 1 hour'; 50000 fen and more is 'at least 500 yuan'. It depends on the place alone, so what
    ends here and what begins here name the same number. Counts are named as they are.
    """
    for step in _STEPS.get(kind, ()):
        if (first - 1) % step == 0 and first - 1 != 0:
            return first - 1, False
        if first % step == 0:
            return first, True
    return first, True


def range_words(kind: FactKind, low: int | None, high: int | None) -> str:
    """A condition as a policy file says it: '超过1小时且24小时以内'. At least one end is set."""
    parts: list[str] = []
    if low is not None:
        number, included = boundary(kind, low)
        parts.append(f"{quantity_words(kind, number)}以上" if included else f"超过{quantity_words(kind, number)}")
    if high is not None:
        number, above = boundary(kind, high + 1)
        if kind is FactKind.COUNT:
            number, above = high, False
        parts.append(f"不满{quantity_words(kind, number)}" if above else f"{quantity_words(kind, number)}以内")
    return "且".join(parts)


def quantity_words(kind: FactKind, number: int) -> str:
    """3600 -> 1小时, 50000 -> 500元, 3 -> 3次."""
    if kind is FactKind.AMOUNT:
        return f"{Money(number).major().removesuffix('.00')}元"
    if kind is FactKind.DURATION:
        step, unit = next((step, unit) for step, unit in _UNITS if number % step == 0 and (number or step == 1))
        return f"{number // step}{unit}"
    return f"{number}次"
