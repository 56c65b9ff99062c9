"""How a clause is spelled in a file: in the language its keys are in, facts and evidence as the file itself declares them,
numbers in the unit that divides them, boundaries with the word that says exactly this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import final

import msgspec

from huiliu.kit.money import Money
from huiliu.policy.conditions import NO, YES, known_word
from huiliu.policy.edit.text import Part, scalar
from huiliu.policy.facts import PROVEN_KEYS
from huiliu.policy.model import (
    AmountRule,
    Basis,
    Clause,
    FactKind,
    FactSpec,
    FactValue,
    GoldenCase,
    Limits,
    Outcome,
    Period,
    Policy,
    Range,
    Test,
)
from huiliu.policy.words import BASES, EVIDENCE, FACTS, FEES, KEYS, OUTCOMES, ROUNDINGS, VALUES, canonical, slot_code

USUAL_BASIS = {Outcome.FULL: Basis.FULL, Outcome.PART: Basis.UNITS}
_UNITS = ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))
_DAYS_FROM_SECONDS = 3 * 86_400
"""24 and 48 hours are written as hours, as people say them."""
_LIMITS = {
    "reapply": "重新申请期限",
    "material": "补充材料期限",
    "review": "审核时限",
    "platform_proof": "平台举证期限",
    "cooling": "冷静期",
    "intervention": "平台介入期限",
    "hold": "风控时限",
    "records": "记录保存",
}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a clause and what it becomes; value None takes it out. `items` are the words when it is a list."""

    key: str
    value: str | None
    within: tuple[str, ...] = ()
    items: tuple[str, ...] | None = None
    after: tuple[str, ...] = ()


@final
class Spelling:
    """The words of one file, and the language of one part of it."""

    def __init__(self, policy: Policy, root: Part, part: Part) -> None:
        self.part = part
        self.english = is_english(part, "policy" if part is root else "clause")
        self._kinds = {spec.name: spec.kind for spec in policy.facts}
        self._facts: dict[str, str] = {}
        self._values: dict[tuple[str, str], str] = {}
        for key, spec in _entries(root, "事实"):
            name = canonical(FACTS, key.text) or key.text
            self._facts[name] = key.text
            listed = spec.value("枚举") or spec.value("enum")
            for item in () if listed is None else listed.items:
                self._values[name, known_word(name, item.text)] = item.text
        self._evidence = {slot_code(key.text) or key.text: key.text for key, _ in _entries(root, "凭证")}

    def key(self, kind: str, chinese: str, near: Part | None = None) -> str:
        """A key in the part's language, or as it already stands there."""
        english = KEYS[kind][chinese]
        if near is not None and near.value(chinese) is not None:
            return chinese
        if near is not None and near.value(english) is not None:
            return english
        return english if self.english else chinese

    def word(self, table: Mapping[str, str], code: str) -> str:
        """A word of a closed table."""
        return code if self.english else next(chinese for chinese, each in table.items() if each == code)

    def fact(self, name: str, near: Part | None = None) -> str:
        """A fact's name as this condition has it, else as the file declares it."""
        for key, _ in () if near is None else near.entries:
            if (canonical(FACTS, key.text) or key.text) == name:
                return key.text
        return self._facts.get(name, name)

    def enum(self, fact: str, word: str) -> str:
        """A value of an enumeration as the file declares it."""
        return self._values.get((fact, word), word)

    def slot(self, code: str) -> str:
        """A kind of evidence as the file declares it."""
        return self._evidence.get(code) or next((name for name, each in EVIDENCE.items() if each == code), code)

    def yes(self, is_so: bool) -> str:
        """是 or yes."""
        return ("yes" if is_so else "no") if self.english else (YES if is_so else NO)

    def meant(self, word: str) -> str:
        """What a listed word means in whichever language it is written, to see that two are the same."""
        code = slot_code(word)
        if code is not None:
            return code
        found = (canonical(table, word) for table in VALUES.values())
        return next((each for each in found if each is not None), word)

    def kind(self, fact: str) -> FactKind:
        """What kind of fact it is."""
        return self._kinds[fact]

    def near(self, key: str) -> Part | None:
        """The value of a key of this clause, in either language."""
        found = self.part.value(key)
        return found if found is not None else self.part.value(KEYS["clause"][key])


def is_english(part: Part, kind: str) -> bool:
    """Whether the keys of a mapping are the English ones; Chinese when there are none to tell by."""
    known = [key.text for key, _ in part.entries]
    return bool(known) and sum(key in KEYS[kind].values() for key in known) > sum(key in KEYS[kind] for key in known)


def clause_fields(spelling: Spelling, before: Clause, wanted: Clause) -> Iterator[Change]:
    """What has to be written where for a clause to say something else; nothing for what stays."""
    for key, old, new in (
        ("编号", before.id, wanted.id),
        ("名称", before.name, wanted.name),
        ("名称英文", before.name_en, wanted.name_en),
        ("说明", before.text, wanted.text),
        ("说明英文", before.text_en, wanted.text_en),
    ):
        if old != new:
            part = spelling.near(key)
            written = scalar(new, "" if part is None else part.quote) if new or key in ("编号", "名称") else None
            yield _change(spelling, key, written)
    yield from _when_changes(spelling, before, wanted)
    for key, old_codes, new_codes in (("需", before.needs, wanted.needs), ("可附", before.optional, wanted.optional)):
        if set(old_codes) != set(new_codes):
            yield _list_change(spelling, key, tuple(spelling.slot(code) for code in new_codes))
    if set(before.exception_to) != set(wanted.exception_to):
        yield _list_change(spelling, "例外于", wanted.exception_to)
    if before.outcome is not wanted.outcome:
        yield _change(spelling, "则", spelling.word(OUTCOMES, wanted.outcome.value))
    yield from _amount_changes(spelling, before, wanted)
    if before.automatic != wanted.automatic:
        yield _change(spelling, "自动", spelling.yes(True) if wanted.automatic else None)


def clause_written(spelling: Spelling, clause: Clause, column: int, is_flow: bool) -> str:
    """A whole new clause, its lines indented by `column` from the second on, or on one line."""
    pairs = [("编号", scalar(clause.id)), ("名称", scalar(clause.name))]
    pairs += [("名称英文", scalar(clause.name_en))] if clause.name_en else []
    when = ", ".join(f"{spelling.fact(test.fact)}: {_test(spelling, test)}" for test in clause.when)
    pairs.append(("当", f"{{{when}}}"))
    for key, codes in (("需", clause.needs), ("可附", clause.optional)):
        if codes:
            pairs.append((key, _flow(spelling.slot(code) for code in codes)))
    pairs.append(("则", spelling.word(OUTCOMES, clause.outcome.value)))
    if clause.amount is not None and clause.amount != AmountRule(Basis.FULL):
        pairs.append(("金额", _amount(spelling, clause.amount)))
    if clause.exception_to:
        pairs.append(("例外于", _flow(clause.exception_to)))
    if clause.automatic:
        pairs.append(("自动", spelling.yes(True)))
    pairs += [("说明", scalar(clause.text))] if clause.text else []
    pairs += [("说明英文", scalar(clause.text_en))] if clause.text_en else []
    written = [f"{spelling.key('clause', key)}: {value}" for key, value in pairs]
    return "{" + ", ".join(written) + "}" if is_flow else f"\n{' ' * column}".join(written)


def golden_written(spelling: Spelling, policy: Policy, case: GoldenCase) -> str:
    """A golden case on one line."""
    specs = {spec.name: spec for spec in policy.facts}
    facts = [
        f"{spelling.fact(name)}: {_flow_word(_value(spelling, specs[name], value))}"
        for name, value in case.facts.values.items()
        if name in specs
    ]
    if case.facts.proven:
        names = _flow(spelling.fact(name) for name in specs if name in case.facts.proven)
        facts.append(f"{PROVEN_KEYS[1] if spelling.english else PROVEN_KEYS[0]}: {names}")
    expect = [f"{spelling.key('expect', '结果')}: {spelling.word(OUTCOMES, case.expect.outcome.value)}"]
    if case.expect.clause:
        expect.append(f"{spelling.key('expect', '条款')}: {scalar(case.expect.clause)}")
    if case.expect.missing is not None:
        missing = _flow(spelling.slot(code) for code in case.expect.missing)
        expect.append(f"{spelling.key('expect', '缺')}: {missing}")
    pairs = [("名称", scalar(case.name)), ("事实", "{" + ", ".join(facts) + "}")]
    pairs += [("凭证", _flow(spelling.slot(code) for code in case.evidence))] if case.evidence else []
    pairs.append(("应当", "{" + ", ".join(expect) + "}"))
    return "{" + ", ".join(f"{spelling.key('case', key)}: {value}" for key, value in pairs) + "}"


def limit_words(before: Limits, wanted: Limits, *, english: bool) -> Iterator[tuple[str, str]]:
    """(key, words) of every limit that differs."""
    if before.applications != wanted.applications:
        yield ("applications" if english else "申请次数"), str(wanted.applications)
    for field, key in _LIMITS.items():
        old: Period = getattr(before, field)
        new: Period = getattr(wanted, field)
        if old != new:
            yield (KEYS["limits"][key] if english else key), period_text(new, english=english)


def period_text(period: Period, *, english: bool = False) -> str:
    """'3个工作日', '48小时'."""
    if period.working_days:
        plural = "" if period.working_days == 1 else "s"
        return f"{period.working_days} working day{plural}" if english else f"{period.working_days}个工作日"
    return number_text(FactKind.DURATION, period.seconds, english=english)


def number_text(kind: FactKind, number: int, *, english: bool = False) -> str:
    """One number exactly, in the largest unit that divides it: 5400 seconds are 90 minutes."""
    if kind is FactKind.AMOUNT:
        major = Money(number).major().removesuffix(".00")
        return f"{major} yuan" if english else f"{major}元"
    if kind is not FactKind.DURATION:
        return str(number)
    units = _UNITS if number >= _DAYS_FROM_SECONDS else _UNITS[1:]
    size, chinese, word = next(unit for unit in units if number % unit[0] == 0) if number else _UNITS[-1]
    count = number // size
    return f"{count} {word}{'' if count == 1 else 's'}" if english else f"{count}{chinese}"


def bounds(span: Range) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    """A range as (over or at_least, number), (under or within, number): 3601 and on is 'over 3600', the rounder number."""
    low = high = None
    if span.low is not None:
        low = ("over", span.low - 1) if _is_rounder(span.low - 1, span.low) else ("at_least", span.low)
    if span.high is not None:
        high = ("under", span.high + 1) if _is_rounder(span.high + 1, span.high) else ("within", span.high)
    return low, high


def range_text(kind: FactKind, span: Range, *, english: bool = False) -> str:
    """A range in boundary words: 超过1小时且24小时以内."""
    if kind is FactKind.COUNT and span.low is not None and span.low == span.high:
        return str(span.low)
    templates = _ENGLISH if english else _CHINESE
    parts = [
        templates[word].format(number_text(kind, number, english=english))
        for word, number in (bound for bound in bounds(span) if bound is not None)
    ]
    return (" and " if english else "且").join(parts)


_CHINESE = {"over": "超过{}", "at_least": "{}以上", "under": "不满{}", "within": "{}以内"}
_ENGLISH = {"over": "more than {}", "at_least": "at least {}", "under": "less than {}", "within": "within {}"}


def _is_rounder(one: int, other: int) -> bool:
    sizes = (86_400, 3_600, 600, 100, 60, 10, 5)
    rounds = [max((size for size in sizes if number % size == 0), default=1) for number in (one, other)]
    return one > 0 and rounds[0] > rounds[1]


def _when_changes(spelling: Spelling, before: Clause, wanted: Clause) -> Iterator[Change]:
    key = spelling.key("clause", "当", spelling.part)
    old = {test.fact: test for test in before.when}
    new = {test.fact: test for test in wanted.when}
    if old == new:
        return
    if not new:
        yield Change(key=key, value="{}")
        return
    near = spelling.near("当")
    for name in (*(name for name in new if new[name] != old.get(name)), *(name for name in old if name not in new)):
        test = new.get(name)
        yield Change(
            key=spelling.fact(name, near),
            value=None if test is None else _test(spelling, test),
            within=(key,),
            items=None if test is None or not test.values else tuple(_words(spelling, test)),
        )


def _amount_changes(spelling: Spelling, before: Clause, wanted: Clause) -> Iterator[Change]:
    near = spelling.near("金额")
    usual = USUAL_BASIS.get(wanted.outcome)
    is_usual = wanted.amount is None or (wanted.amount == AmountRule(Basis.FULL) and usual is Basis.FULL)
    if before.amount == wanted.amount or (near is None and is_usual):
        return
    if wanted.amount is None or (is_usual and before.outcome is not wanted.outcome):
        yield _change(spelling, "金额", None)
        return
    if near is None or not near.is_map or before.amount is None:
        yield _change(spelling, "金额", _amount(spelling, wanted.amount))
        return
    key = spelling.key("clause", "金额", spelling.part)
    old = dict(_amount_pairs(spelling, before.amount))
    new = dict(_amount_pairs(spelling, wanted.amount))
    for name in KEYS["amount"]:
        if old.get(name) != new.get(name):
            yield Change(key=spelling.key("amount", name, near), value=new.get(name), within=(key,))


def _amount(spelling: Spelling, rule: AmountRule) -> str:
    return "{" + ", ".join(f"{spelling.key('amount', key)}: {v}" for key, v in _amount_pairs(spelling, rule)) + "}"


def _amount_pairs(spelling: Spelling, rule: AmountRule) -> Iterator[tuple[str, str]]:
    yield "按", spelling.word(BASES, rule.basis.value)
    yield "手续费", spelling.word(FEES, "returned" if rule.fee_returned else "kept")
    yield "舍入", spelling.word(ROUNDINGS, rule.rounding.value)
    if rule.cap_minor is not None:
        yield "上限", number_text(FactKind.AMOUNT, rule.cap_minor, english=spelling.english)


def _change(spelling: Spelling, key: str, value: str | None) -> Change:
    order = tuple(KEYS["clause"])[: tuple(KEYS["clause"]).index(key)]
    after = (*order, *(KEYS["clause"][each] for each in order))
    return Change(key=spelling.key("clause", key, spelling.part), value=value, after=after)


def _list_change(spelling: Spelling, key: str, words: tuple[str, ...]) -> Change:
    change = _change(spelling, key, _flow(words) if words else None)
    return msgspec.structs.replace(change, items=words)


def _test(spelling: Spelling, test: Test) -> str:
    words = list(_words(spelling, test))
    return _flow(words) if len(words) != 1 else _flow_word(words[0])


def _words(spelling: Spelling, test: Test) -> Iterable[str]:
    if not test.ranges:
        return [
            spelling.yes(word == YES) if word in (YES, NO) else spelling.enum(test.fact, word) for word in test.values
        ]
    kind = spelling.kind(test.fact)
    return [range_text(kind, span, english=spelling.english) for span in test.ranges]


def _value(spelling: Spelling, spec: FactSpec, value: FactValue) -> str:
    if isinstance(value, bool):
        return spelling.yes(value)
    if isinstance(value, str):
        return spelling.enum(spec.name, value)
    return number_text(spec.kind, value, english=spelling.english)


def _flow(words: Iterable[str]) -> str:
    return "[" + ", ".join(_flow_word(word) for word in words) + "]"


def _flow_word(word: str) -> str:
    return word if word in ("yes", "no") or word.isdigit() else scalar(word)


def _entries(root: Part, key: str) -> tuple[tuple[Part, Part], ...]:
    found = root.value(key)
    found = found if found is not None else root.value(KEYS["policy"][key])
    return () if found is None else found.entries
