"""A policy as the text of a policy file, in Chinese or English keys: reading it back must give the same policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import final

from huiliu.policy.model import (
    AmountRule,
    Clause,
    Extra,
    FactKind,
    FactSpec,
    FactValue,
    GoldenCase,
    Limits,
    Override,
    Period,
    Policy,
    Range,
    Test,
)
from huiliu.policy.words import (
    BASES,
    BOOLEANS,
    EVIDENCE,
    FACTS,
    FEES,
    FLAGS,
    KEYS,
    KINDS,
    OUTCOMES,
    PARTIES,
    RECORDS,
    ROUNDINGS,
    TRENDS,
    VALUES,
)


def policy_yaml(policy: Policy, *, english: bool = False) -> str:
    """The policy's file, with every word in one language where the language has one. What products have otherwise is
    written as what it comes to: narrowed clauses, and limits of their own."""
    page = _Page(policy, english=english)
    head = {
        "策略": policy.name,
        "名称英文": policy.name_en,
        "说明": policy.text,
        "说明英文": policy.text_en,
        "编号": policy.id,
        "版本": policy.label,
        "生效": "" if policy.effective_from is None else policy.effective_from.isoformat(),
    }
    outcomes = ", ".join(page.word(OUTCOMES, outcome) for outcome in policy.outcomes)
    blocks = {
        "事实": [f"{page.name(spec.name)}: {page.fact(spec)}" for spec in policy.facts],
        "凭证": [f"{page.slot(code)}: {cost}" for code, cost in policy.costs.items()],
        "条款": [f"- {page.clause(clause)}" for clause in policy.clauses],
        "按商品": [f"- {page.override(override)}" for override in policy.overrides],
        "附加": [f"- {page.addition(extra)}" for extra in policy.extras],
        "样例": [f"- {page.golden(case)}" for case in policy.golden],
    }
    lines = [f"{page.key('policy', key)}: {_text(text)}" for key, text in head.items() if text]
    lines.append(f"{page.key('policy', '结果')}: [{outcomes}]")
    lines.append(f"{page.key('policy', '限制')}: {page.limits(policy.limits)}")
    for key, items in blocks.items():
        if items:
            lines += [f"{page.key('policy', key)}:", *(f"  {item}" for item in items)]
    return "\n".join(lines) + "\n"


@final
class _Page:
    """Writes the parts of one policy's file in one language."""

    def __init__(self, policy: Policy, *, english: bool) -> None:
        self._policy = policy
        self._english = english

    def key(self, section: str, key: str) -> str:
        """A key of a section of the file."""
        return KEYS[section][key] if self._english else key

    def word(self, table: Mapping[str, str], code: str) -> str:
        """The word for what a vocabulary stands for."""
        return code if self._english else next(word for word, found in table.items() if found == code)

    def name(self, fact: str) -> str:
        """A fact's name."""
        return _text(FACTS.get(fact, fact) if self._english else fact)

    def slot(self, code: str) -> str:
        """A kind of evidence or record."""
        table = EVIDENCE if code in EVIDENCE.values() else RECORDS
        return self.word(table, code) if code in table.values() else _text(code)

    def fact(self, spec: FactSpec) -> str:
        """What a fact may be, who proves it and what is presumed."""
        body = "true"
        if spec.kind is FactKind.ENUM:
            body = _list(self._value(spec, value) for value in spec.values)
        elif spec.kind is not FactKind.BOOLEAN:
            assert spec.domain.low is not None, "a written domain has two ends"
            assert spec.domain.high is not None, "a written domain has two ends"
            body = _list(_number(spec.kind, end) for end in (spec.domain.low, spec.domain.high))
        fields = {self.word_of_kind(spec.kind): body}
        if spec.values_en:
            fields[self.key("fact", "枚举英文")] = _list(map(_text, spec.values_en))
        if spec.burden is not None:
            assert spec.presumed is not None, "a burden comes with a presumption"
            fields[self.key("fact", "举证方")] = self.word(PARTIES, spec.burden)
            fields[self.key("fact", "未举证视为")] = self._value(spec, spec.presumed)
            fields[self.key("fact", "证明")] = _list(map(self.slot, spec.proven_by))
        if spec.trend is not None:
            fields[self.key("fact", "单调")] = self.word(TRENDS, spec.trend)
        return _mapping(fields | self._texts("fact", 名称英文=spec.name_en))

    def word_of_kind(self, kind: FactKind) -> str:
        """The key that says of what kind a fact is."""
        return self.key("fact", next(word for word, found in KINDS.items() if found is kind))

    def clause(self, clause: Clause) -> str:
        """One clause on one line."""
        fields = {self.key("clause", "编号"): clause.id, self.key("clause", "名称"): _text(clause.name)}
        fields[self.key("clause", "当")] = self._when(clause.when)
        fields[self.key("clause", "则")] = self.word(OUTCOMES, clause.outcome)
        for key, codes in (("需", clause.needs), ("可附", clause.optional)):
            fields |= {self.key("clause", key): _list(map(self.slot, codes))} if codes else {}
        if clause.exception_to:
            fields[self.key("clause", "例外于")] = _list(clause.exception_to)
        if clause.amount is not None:
            fields[self.key("clause", "金额")] = self._amount(clause.amount)
        if clause.automatic:
            fields[self.key("clause", "自动")] = self._yes_no(True)
        texts = self._texts("clause", 名称英文=clause.name_en, 说明=clause.text, 说明英文=clause.text_en)
        return _mapping(fields | texts)

    def addition(self, extra: Extra) -> str:
        """One of the extras on one line."""
        fields = {self.key("extra", "编号"): extra.id, self.key("extra", "名称"): _text(extra.name)}
        fields[self.key("extra", "当")] = self._when(extra.when)
        if extra.flag is not None:
            fields[self.key("extra", "加")] = self.word(FLAGS, extra.flag)
        if extra.automatic:
            fields[self.key("extra", "自动")] = self._yes_no(True)
        return _mapping(fields | self._texts("extra", 名称英文=extra.name_en))

    def override(self, override: Override) -> str:
        """The limits that some products have of their own."""
        scope = self._when((Test(override.scope.fact, override.scope.values),))
        return _mapping(
            {
                self.key("override", "适用"): scope,
                self.key("override", "限制"): self.limits(override.limits),
            }
        )

    def golden(self, case: GoldenCase) -> str:
        """A golden case on one line."""
        facts = {self.name(name): self._value(self._spec(name), value) for name, value in case.facts.values.items()}
        if case.facts.proven:
            facts["proven" if self._english else "已证明"] = _list(map(self.name, sorted(case.facts.proven)))
        expect = {self.key("expect", "结果"): self.word(OUTCOMES, case.expect.outcome)}
        if case.expect.clause is not None:
            expect[self.key("expect", "条款")] = case.expect.clause
        if case.expect.missing is not None:
            expect[self.key("expect", "缺")] = _list(map(self.slot, case.expect.missing))
        return _mapping(
            {
                self.key("case", "名称"): _text(case.name),
                self.key("case", "事实"): _mapping(facts),
                self.key("case", "凭证"): _list(map(self.slot, case.evidence)),
                self.key("case", "应当"): _mapping(expect),
            }
        )

    def limits(self, limits: Limits) -> str:
        """How often and how long."""
        periods = {
            "重新申请期限": limits.reapply,
            "补充材料期限": limits.material,
            "审核时限": limits.review,
            "平台举证期限": limits.platform_proof,
            "冷静期": limits.cooling,
            "平台介入期限": limits.intervention,
            "风控时限": limits.hold,
            "记录保存": limits.records,
        }
        fields = {self.key("limits", "申请次数"): str(limits.applications)}
        fields |= {self.key("limits", key): _period(found) for key, found in periods.items() if found != Period()}
        return _mapping(fields)

    def _when(self, when: tuple[Test, ...]) -> str:
        return _mapping({self.name(test.fact): self._test(test) for test in when})

    def _test(self, test: Test) -> str:
        spec = self._spec(test.fact)
        if spec.kind is FactKind.BOOLEAN:
            return _list(self._yes_no(value == "是") for value in test.values)
        values = [self._value(spec, value) for value in test.values]
        ranges = [_range(spec.kind, span) for span in test.ranges]
        return _list([*values, *ranges])

    def _value(self, spec: FactSpec, value: FactValue) -> str:
        if isinstance(value, bool):
            return self._yes_no(value)
        if isinstance(value, str):
            return _text(VALUES.get(spec.name, {}).get(value, value) if self._english else value)
        return _number(spec.kind, value)

    def _yes_no(self, value: bool) -> str:
        word = "是" if value else "否"
        return BOOLEANS[word] if self._english else word

    def _amount(self, amount: AmountRule) -> str:
        fields = {
            self.key("amount", "按"): self.word(BASES, amount.basis),
            self.key("amount", "手续费"): self.word(FEES, "returned" if amount.fee_returned else "kept"),
            self.key("amount", "舍入"): self.word(ROUNDINGS, amount.rounding),
        }
        if amount.cap_minor is not None:
            fields[self.key("amount", "上限")] = _number(FactKind.AMOUNT, amount.cap_minor)
        return _mapping(fields)

    def _texts(self, section: str, **texts: str) -> dict[str, str]:
        return {self.key(section, key): _text(text) for key, text in texts.items() if text}

    def _spec(self, name: str) -> FactSpec:
        spec = self._policy.fact(name)
        assert spec is not None, "a policy tests only what it declares"
        return spec


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _mapping(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def _list(items: Iterable[str]) -> str:
    return "[" + ", ".join(items) + "]"


def _number(kind: FactKind, number: int) -> str:
    match kind:
        case FactKind.DURATION:
            return f"{number}秒"
        case FactKind.AMOUNT:
            return f"{number // 100}.{number % 100:02}元"
        case _:
            return f"{number}次"


def _range(kind: FactKind, span: Range) -> str:
    """By the including words at even numbers and the excluding ones at odd, so that both kinds are read back."""
    parts: list[str] = []
    if span.low is not None:
        excluding = span.low % 2 == 1 and span.low > 0
        parts.append(f"超过{_number(kind, span.low - 1)}" if excluding else f"{_number(kind, span.low)}以上")
    if span.high is not None:
        parts.append(f"不满{_number(kind, span.high + 1)}" if span.high % 2 else f"{_number(kind, span.high)}以内")
    return "且".join(parts)


def _period(period: Period) -> str:
    return f"{period.working_days}个工作日" if period.working_days else f"{period.seconds}秒"
