"""Numbers with their units in Chinese and English text: 30天, 三十日, 50G, ¥128, Lv.60. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from types import MappingProxyType

import msgspec

TEXT_CHARS_MAX = 4_000
DIGITS_MAX = 15
SAME_WORDS_RATIO = 0.6
"""Two names whose words are this alike name one thing."""

_UNITS: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        spelling: (family, Decimal(factor))
        for family, factor, spellings in (
            ("minutes", "1", "分钟 minutes minute mins min"),
            ("minutes", "60", "个小时 小时 hours hour hrs hr"),
            ("minutes", "1440", "天 日 days day"),
            ("minutes", "10080", "周 星期 weeks week"),
            ("months", "1", "个月 月 months month"),
            ("months", "3", "季度 个季度"),
            ("months", "12", "年 years year"),
            ("megabytes", "1", "mb m 兆"),
            ("megabytes", "1024", "gb g"),
            ("megabytes", "1048576", "tb t"),
            ("yuan", "1", "元 块 rmb yuan cny"),
            ("yuan", "0.1", "角"),
            ("level", "1", "级 等级 levels level lv"),
            ("star", "1", "星 stars star"),
            ("percent", "1", "%"),
            ("percent", "10", "折"),
            ("times", "1", "次 times"),
            ("pieces", "1", "个 张 枚 件 份 套 颗 pieces pcs"),
            ("coins", "1", "金币 点券 点 钻石 钻 币 coins q币"),
            ("people", "1", "人 位 台设备 台 设备"),
        )
        for spelling in spellings.split()
    }
)
"""Spelling -> what is measured, and how much one is. Months are never counted in days: they differ."""

_DIGITS = "〇一二三四五六七八九"
_CHINESE = r"[〇零一二两三四五六七八九十百千]{1,8}"
_UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?P<date>(?<![\d.])(?:\d{{4}}[年/.\-]\d{{1,2}}[月/.\-]\d{{1,2}}[日号]?|\d{{1,2}}月\d{{1,2}}[日号]?)(?!\d))|"
    rf"(?P<sign>[¥￥]\s*)?(?P<level>(?:lv|等级|级别)\s*[.:：]?\s*)?"
    rf"(?P<number>\d[\d,]{{0,{DIGITS_MAX}}}(?:\.\d{{1,6}})?|{_CHINESE}(?=\s*(?:{_UNIT})))(?P<ten>万|千|[kw](?![a-z]))?"
    rf"\s*(?P<unit>(?:{_UNIT})(?![a-z]))?",
    re.IGNORECASE,
)
_TEN: Mapping[str, Decimal] = MappingProxyType(
    {"万": Decimal(10_000), "w": Decimal(10_000), "千": Decimal(1000), "k": Decimal(1000)}
)
_PLACES: Mapping[str, int] = MappingProxyType({"十": 10, "百": 100, "千": 1000})


class Quantity(msgspec.Struct, frozen=True):
    """One number as it stands in a text. `family` is what it measures, empty for a bare number."""

    start: int
    end: int
    text: str
    value: Decimal
    family: str


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of a text with its unit, in order, at most those of the first TEXT_CHARS_MAX characters."""
    found = (_quantity(match) for match in _QUANTITY.finditer(text[:TEXT_CHARS_MAX]))
    return tuple(quantity for quantity in found if quantity is not None)


def same_but_for_numbers(left: str, right: str) -> bool:
    """Whether two names say the same with another number of the same thing: 会员30天 and 会员7天."""
    ours, theirs = quantities(left), quantities(right)
    families = {it.family for it in ours if it.family} & {it.family for it in theirs if it.family}
    differing = any(
        {it.value for it in ours if it.family == family}.isdisjoint(it.value for it in theirs if it.family == family)
        for family in families
    )
    if not differing:
        return False
    words = [
        re.sub(r"\W+", "", _without(text, numbers)).casefold() for text, numbers in ((left, ours), (right, theirs))
    ]
    return SequenceMatcher(None, words[0], words[1], autojunk=False).ratio() >= SAME_WORDS_RATIO


def _without(text: str, numbers: tuple[Quantity, ...]) -> str:
    kept, at = "", 0
    for number in numbers:
        kept += text[at : number.start]
        at = number.end
    return kept + text[at:]


def _quantity(match: re.Match[str]) -> Quantity | None:
    if match["date"]:
        digits = "".join(part.zfill(2) for part in re.findall(r"\d+", match["date"]))
        return Quantity(match.start(), match.end(), match["date"], Decimal(digits), "date")
    number = match["number"]
    try:
        value = Decimal(number.replace(",", "")) if number[0].isdigit() else _chinese(number)
    except InvalidOperation:
        return None
    if match["ten"]:
        value *= _TEN[match["ten"].casefold()]
    family, factor = _UNITS.get((match["unit"] or "").casefold(), ("", Decimal(1)))
    if not family and match["sign"]:
        family = "yuan"
    elif not family and match["level"]:
        family = "level"
    # 等级30天: the prefix belongs to something else.
    start = match.start("number") if match["level"] and family != "level" else match.start()
    text = match.string[start : match.end()].rstrip()
    return Quantity(start, start + len(text), text, value * factor, family)


def _chinese(number: str) -> Decimal:
    """三十 -> 30, 一百二十 -> 120, 二〇 -> 20."""
    if not any(place in number for place in _PLACES):
        return Decimal("".join(str(_digit(letter)) for letter in number))
    total = current = 0
    for letter in number:
        if letter in _PLACES:
            total += (current or 1) * _PLACES[letter]
            current = 0
        else:
            current = _digit(letter)
    return Decimal(total + current)


def _digit(letter: str) -> int:
    return 2 if letter == "两" else 0 if letter == "零" else _DIGITS.index(letter)
