"""From the product's codes to a policy's own words, as far as the policy declares them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from huiliu.policy.document import Place, Report
from huiliu.policy.model import CaseFacts, FactKind, Facts, FactSpec, FactValue, Policy
from huiliu.policy.quantities import quantity
from huiliu.policy.words import FACTS, OTHER_PRODUCT, VALUES, canonical

PROVEN_KEYS = ("已证明", "proven")
_YES = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}


def to_facts(policy: Policy, case: CaseFacts) -> Facts:
    """The case in the policy's words. Facts the policy does not declare are left out; what is not known stays unknown.

    An unproven use is handed over as it is: whether a presumption stands in for it is the policy's to say. Without a
    burden of proof in the policy nobody's word counts, so it is unknown.
    """
    usage = policy.fact("使用情况")
    is_usage_known = case.usage_proven or (usage is not None and usage.burden is not None)
    known: dict[str, FactValue | None] = {
        "退款原因": _word("退款原因", case.reason),
        "商品类型": _word("商品类型", case.product_kind),
        "下单时长": max(0, case.age_seconds),
        "使用情况": _word("使用情况", case.usage) if case.usage and is_usage_known else None,
        "金额": case.amount_minor,
        "曾伪造凭证": case.forged_before,
        "交付状态": _word("交付状态", case.delivery_state),
        "商品": _product(policy, case.product),
        "购买时确认": case.exception_confirmed,
    }
    values = {
        spec.name: value for spec in policy.facts if (value := known.get(spec.name)) is not None and _fits(spec, value)
    }
    proven = {"使用情况"} if case.usage_proven and case.usage else set[str]()
    if case.exception_confirmed is not None:
        proven.add("购买时确认")  # it is only ever known from the record of the purchase
    return Facts(values, frozenset(proven))


def read_facts(policy: Policy, given: Mapping[str, object]) -> Facts:
    """Facts as a person writes them in JSON: words, '2小时', '500元', true; `已证明` (or `proven`) lists proven facts.

    Raises PolicyError: an undeclared fact, a word outside its enumeration, a value of another kind.
    """
    report = Report()
    place = Place(1, 1)
    values: dict[str, FactValue] = {}
    proven: set[str] = set()
    for key, value in given.items():
        if key in PROVEN_KEYS:
            proven |= _names(report, place, value)
            continue
        name = canonical(FACTS, key) or key
        spec = policy.fact(name)
        if spec is None:
            report.add(place, "fact_undeclared", word=key[:40])
            continue
        if value is None:
            continue
        read = _read_value(spec, value)
        if read is None:
            report.add(place, "fact_value", fact=name, word=msgspec.json.encode(value).decode()[:40])
        else:
            values[name] = read
    for name in sorted(proven):
        if policy.fact(name) is None:
            report.add(place, "fact_undeclared", word=name[:40])
    if report.problems:
        raise report.error()
    return Facts(values, frozenset(proven))


def _names(report: Report, place: Place, value: object) -> set[str]:
    try:
        names = [value] if isinstance(value, str) else msgspec.convert(value, list[str])
    except msgspec.ValidationError:
        report.add(place, "fact_value", fact=PROVEN_KEYS[0], word=msgspec.json.encode(value).decode()[:40])
        return set()
    return {canonical(FACTS, name) or name for name in names}


def _product(policy: Policy, name: str) -> str | None:
    spec = policy.fact("商品")
    return None if spec is None else name if name in spec.values else OTHER_PRODUCT


def _word(fact: str, code: str) -> str | None:
    return canonical(VALUES[fact], code)


def _fits(spec: FactSpec, value: FactValue) -> bool:
    """Guards against a policy that declares one of the product's facts as another kind: it then stays unknown."""
    match spec.kind:
        case FactKind.ENUM:
            return isinstance(value, str)
        case FactKind.BOOLEAN:
            return isinstance(value, bool)
        case _:
            return isinstance(value, int) and not isinstance(value, bool)


def _read_value(spec: FactSpec, value: object) -> FactValue | None:
    """Whole numbers are seconds, minor units or counts; text is read as in a policy file."""
    match spec.kind:
        case FactKind.ENUM:
            word = canonical(VALUES.get(spec.name, {}), value) or value if isinstance(value, str) else None
            return word if word in spec.values else None
        case FactKind.BOOLEAN:
            if isinstance(value, str):
                return _YES.get(value.lower())
            return value if isinstance(value, bool) else None
        case _:
            if isinstance(value, int) and not isinstance(value, bool):
                return value if value >= 0 else None
            if not isinstance(value, str):
                return None
            try:
                return quantity(spec.kind, value)
            except ValueError:
                return None
