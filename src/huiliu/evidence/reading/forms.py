"""The forms in which apps print values: each turns printed text into one normal value, or says that it is not that form.

A form is strict about length: a dropped digit makes a value of no form at all, never another value. Characters that look
alike (O and 0, l and 1) are put right only inside numbers of exact form, and the value then counts as doubtful.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import msgspec

TEXT_MAX = 160
TIDIED_MAX = 8_192
"""Texts whose tidy form is remembered: the words of all layouts are compared with every line."""
YEAR_MIN, YEAR_MAX = 2000, 2099
REPAIRS_MAX = 2
BEIJING = timezone(timedelta(hours=8))

_Read: TypeAlias = Callable[[str], str | None]


class Form(StrEnum):
    """What a layout may call a field's form."""

    AMOUNT = "amount"
    DIGITS = "digits"
    CODE = "code"
    INSTANT = "instant"
    DATE = "date"
    ACCOUNT = "account"
    TEXT = "text"
    STATUS = "status"


SUM_AFTER = re.compile(r"(?<=退款) ?\([¥￥Y]? ?[\d,]+(?:\.\d{2})?元?\)$")
"""已退款(¥5.00): how much of it went back."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How strict a form is for one field."""

    lengths: tuple[int, ...] = ()
    """DIGITS and CODE: these lengths and no others."""
    length_min: int = 1
    length_max: int = TEXT_MAX
    seconds: bool = False
    """INSTANT: this app always prints seconds, so a time without them was cut."""
    decimals: bool = True
    """AMOUNT: this app always prints two decimals, so a number without them lost its point."""


class Parsed(msgspec.Struct, frozen=True):
    """A value in normal form; `is_repaired` asks for a second look."""

    value: str
    is_repaired: bool = False


def parse(form: Form, text: str, *, limits: Limits, statuses: Mapping[str, str]) -> Parsed | None:
    """The value that `text` is in this form, or None. `statuses` maps an app's words to status codes."""
    tidy = plain(text)
    if not tidy or len(tidy) > TEXT_MAX:
        return None
    match form:
        case Form.AMOUNT:
            return _amount(tidy, decimals=limits.decimals)
        case Form.DIGITS:
            return _digits(tidy, limits=limits)
        case Form.CODE:
            return _code(tidy, limits=limits)
        case Form.INSTANT:
            return _instant(tidy, seconds=limits.seconds)
        case Form.DATE:
            return _instant(tidy, seconds=limits.seconds) or _date(tidy)
        case Form.ACCOUNT:
            return _account(tidy, limits=limits)
        case Form.STATUS:
            code = statuses.get(squeezed(SUM_AFTER.sub("", tidy)))
            return None if code is None else Parsed(code)
        case Form.TEXT:
            return _text(tidy, limits=limits)


@lru_cache(maxsize=TIDIED_MAX)
def plain(text: str) -> str:
    """Full-width signs as ASCII, odd spaces as one space, without the buttons and arrows that stand after a value."""
    folded = unicodedata.normalize("NFKC", text).replace("∶", ":").replace("−", "-").replace("–", "-")
    tidy = " ".join(folded.split())
    previous = None
    while previous != tidy:
        previous = tidy
        tidy = BUTTON_AFTER.sub("", tidy).strip()
    return tidy


@lru_cache(maxsize=TIDIED_MAX)
def squeezed(text: str) -> str:
    """Without any space and without a closing colon: how words of labels, titles and states are compared."""
    return "".join(plain(text).split()).rstrip(":")


VARIANTS = str.maketrans({"黃": "黄"})
"""Shapes that the reader takes for each other on pages in simplified characters."""
BUTTON_AFTER = re.compile(r"(?:[>›〉》⟩▸▶⌵∨»]|复制|点击复制|查看详情|去查看|\bcopy)$", re.IGNORECASE)


# ------------------------------------------------------------------------------------------------------------ numbers

AMOUNT = re.compile(
    r"(?P<sign>[-+] ?)?(?P<mark>(?:[¥￥Y]|RMB|CNY) ?)?(?P<inner>- ?)?"
    r"(?P<whole>[1-9]\d{0,2}(?:,\d{3}){1,2}|0|[1-9]\d{0,8})(?P<cents>\.\d{2})?(?P<unit> ?元)?"
)


def _amount(text: str, *, decimals: bool) -> Parsed | None:
    def read(candidate: str) -> str | None:
        found = AMOUNT.fullmatch(candidate)
        if found is None or (found["sign"] and found["inner"]):
            return None
        if found["cents"] is None and (decimals or not (found["mark"] or found["unit"])):
            return None
        return found["whole"].replace(",", "") + (found["cents"] or ".00")

    return _with_repair(text, read)


def _digits(text: str, *, limits: Limits) -> Parsed | None:
    def read(candidate: str) -> str | None:
        value = candidate.replace(" ", "")
        return value if value.isascii() and value.isdigit() and _has_length(value, limits) else None

    return _with_repair(text, read)


CODE = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
LOOKALIKE = re.compile(r"(?<=\d)[OoIl]|[OoIl](?=\d)")


def _code(text: str, *, limits: Limits) -> Parsed | None:
    value = text.replace(" ", "")
    if CODE.fullmatch(value) is None or not any(char.isdigit() for char in value) or not _has_length(value, limits):
        return None
    return Parsed(value, LOOKALIKE.search(value) is not None)


def _has_length(value: str, limits: Limits) -> bool:
    if limits.lengths:
        return len(value) in limits.lengths
    return limits.length_min <= len(value) <= limits.length_max


REPAIRS: Mapping[str, str] = MappingProxyType({"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"})


def _with_repair(text: str, read: _Read) -> Parsed | None:
    exact = read(text)
    if exact is not None:
        return Parsed(exact)
    repaired = "".join(REPAIRS.get(char, char) for char in text)
    changed = sum(before != after for before, after in zip(text, repaired, strict=True))
    value = read(repaired) if 0 < changed <= REPAIRS_MAX else None
    return None if value is None else Parsed(value, True)


# -------------------------------------------------------------------------------------------------------------- times

CLOCK_PART = (
    r"(?:(?P<half>上午|下午|凌晨|中午|晚上) ?)?(?P<hour>\d{2}|\d(?!\d)):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
)
WEEKDAY = r"(?: ?\(?(?:星期|周)[一二三四五六日天]\)?)?"
PADDED_DATE = r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{2})(?P=sep)(?P<day>\d{2})"
HAN_DATE = r"(?P<year>\d{4}) ?年 ?(?P<month>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?日"
INSTANTS = tuple(re.compile(date + WEEKDAY + r"[ T]?" + CLOCK_PART) for date in (PADDED_DATE, HAN_DATE))
DATES = tuple(re.compile(date + WEEKDAY) for date in (PADDED_DATE, HAN_DATE))
PADDED_CLOCK = re.compile(
    r"(?P<half>上午|下午)? ?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?: ?(?P<after>上午|下午|[ap]\.?m\.?))?", re.IGNORECASE
)
HALF_AFTER: Mapping[str, str] = MappingProxyType({"a": "上午", "p": "下午"})


def _instant(text: str, *, seconds: bool) -> Parsed | None:
    def read(candidate: str) -> str | None:
        found = next((match for pattern in INSTANTS if (match := pattern.fullmatch(candidate))), None)
        if found is None or (seconds and found["second"] is None):
            return None
        if found["half"] is None and len(found["hour"]) != 2:
            return None  # no app prints a 24-hour clock without its first digit: it was lost
        hour = _hour(found["half"], int(found["hour"]))
        return None if hour is None else _iso(found, hour=hour)

    return _with_repair(text, read)


def _hour(half: str | None, hour: int) -> int | None:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        return None
    is_late = half in ("下午", "晚上") or (half == "中午" and hour in (12, 1))
    return hour % 12 + (12 if is_late else 0)


def _iso(found: re.Match[str], *, hour: int) -> str | None:
    if not YEAR_MIN <= int(found["year"]) <= YEAR_MAX:
        return None
    date = (int(found["year"]), int(found["month"]), int(found["day"]))
    try:
        moment = datetime(*date, hour, int(found["minute"]), int(found["second"] or 0), tzinfo=BEIJING)
    except ValueError:
        return None
    return moment.isoformat(timespec="minutes" if found["second"] is None else "seconds")


def _date(text: str) -> Parsed | None:
    def read(candidate: str) -> str | None:
        found = next((match for pattern in DATES if (match := pattern.fullmatch(candidate))), None)
        if found is None or not YEAR_MIN <= int(found["year"]) <= YEAR_MAX:
            return None
        try:
            return (
                datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=BEIJING).date().isoformat()
            )
        except ValueError:
            return None

    return _with_repair(text, read)


def clock(text: str) -> str | None:
    """HH:MM of a phone's status bar, in 24 hours, or None."""
    found = PADDED_CLOCK.fullmatch(plain(text))
    if found is None or (found["half"] and found["after"]):
        return None
    after = found["after"] and HALF_AFTER.get(found["after"][0].lower(), found["after"])
    hour, minute = _hour(found["half"] or after, int(found["hour"])), int(found["minute"])
    if hour is None or hour > 23 or minute > 59:
        return None
    return f"{hour:02d}:{minute:02d}"


# --------------------------------------------------------------------------------------------------------------- words

MASK = re.compile(r"[*＊∗•·●✱×]{2,}|[*＊∗✱]")
MISREAD_STAR = re.compile(r"(?<=[\d*])[米※木](?=\*)|(?<=\*)[米※木](?=[\d*])")
"""In some fonts a star among stars looks like these."""
MASKED_PHONE = re.compile(r"(1\d{2})\*{2,6}(\d{4})")
ACCOUNT = re.compile(r"[A-Za-z0-9*_@.+\-]+")


def _account(text: str, *, limits: Limits) -> Parsed | None:
    starred = MASK.sub(lambda run: "*" * len(run[0]), text.replace(" ", ""))
    value = MISREAD_STAR.sub("*", starred)
    is_repaired = value != starred or LOOKALIKE.search(value) is not None
    if ACCOUNT.fullmatch(value) is None or not _has_length(value, limits):
        return None
    phone = MASKED_PHONE.fullmatch(value)
    if phone is not None:
        return Parsed(
            f"{phone[1]}****{phone[2]}", is_repaired
        )  # a phone number has eleven places: the stars between are four
    if "*" not in value and not any(char.isdigit() for char in value):
        return None
    return Parsed(value, is_repaired)


def _text(text: str, *, limits: Limits) -> Parsed | None:
    if not _has_length(text, limits) or not any(char.isalnum() for char in text):
        return None
    if sum(map(text.count, "(（[【")) != sum(
        map(text.count, ")）]】")
    ):  # the rest stands on a line that was not joined
        return None
    return Parsed(text.translate(VARIANTS))
