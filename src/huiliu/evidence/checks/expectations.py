"""EXPECT.json: what records say about pictures, for tools without a database. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

import msgspec

from huiliu.evidence.inspection.model import Expected
from huiliu.kit.errors import Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money, parse_minor

EXPECTATIONS_BYTES_MAX = 16 * 1024 * 1024
TEXT_CHARS_MAX = 400
YEARS = range(1970, 2200)
FILE_KEY = "file"
KEYS = frozenset(Expected.__struct_fields__)


class BadExpectation(Refusal):
    """EXPECT.json does not say what it must. facts: detail."""

    code = "evidence_checks.bad_expectation"
    status = 422


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation for every file, or one for each by its name."""

    shared: Expected | None = None
    by_file: Mapping[str, Expected] = MappingProxyType({})

    def of(self, file: str) -> Expected | None:
        """What is known about a file, by its path as given or its bare name."""
        if self.shared is not None:
            return self.shared
        return self.by_file.get(file) or self.by_file.get(file.replace("\\", "/").rpartition("/")[2])


def read_expectations(raw: bytes) -> Expectations:
    """One object; an object of objects by file name; or a list of objects, each with a "file". Raises BadExpectation.

    Amounts are yuan as text or number; a time without an offset is China's; `payee` may be a list of names.
    """
    if len(raw) > EXPECTATIONS_BYTES_MAX:
        raise BadExpectation(detail=f"> {EXPECTATIONS_BYTES_MAX} bytes")
    try:
        given: object = json.loads(raw, object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_number)
    except BadExpectation:
        raise
    except (ValueError, RecursionError) as error:
        raise BadExpectation(detail=str(error)[:TEXT_CHARS_MAX]) from None
    if _is_list(given):
        items = [_object(item, f"[{number}]") for number, item in enumerate(_as_list(given))]
        return Expectations(by_file=dict(_named(item, number) for number, item in enumerate(items)))
    whole = _object(given, "")
    if whole and not whole.keys() & KEYS and all(isinstance(value, dict) for value in whole.values()):
        return Expectations(by_file={file: _expected(_object(it, file), f"{file}: ") for file, it in whole.items()})
    return Expectations(shared=_expected(whole, ""))


def _named(item: Mapping[str, object], number: int) -> tuple[str, Expected]:
    file = item.get(FILE_KEY)
    if not isinstance(file, str) or not file:
        raise BadExpectation(detail=f'[{number}]: "{FILE_KEY}"?')
    return file, _expected({key: value for key, value in item.items() if key != FILE_KEY}, f"[{number}].")


def _expected(given: Mapping[str, object], where: str) -> Expected:
    found: dict[str, object] = {}
    for key, value in given.items():
        if key not in KEYS:
            raise BadExpectation(detail=f"{where}{key[:TEXT_CHARS_MAX]}: ? ({', '.join(sorted(KEYS))})")
        if value is None:
            continue
        try:
            found[key] = _READERS.get(key, _text)(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadExpectation(detail=f"{where}{key}: {error}"[:TEXT_CHARS_MAX]) from None
    return msgspec.convert(found, Expected)


def _text(value: object) -> str:
    """A text; a whole number is one, for order numbers that were not quoted."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("text")
    text = str(value).strip()
    if not text or len(text) > TEXT_CHARS_MAX:
        raise ValueError(f"1-{TEXT_CHARS_MAX}")
    text.encode()  # half of a surrogate pair could be compared and never printed
    return text


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError("128.00")
    return Money(parse_minor(str(value))).major()


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("2026-11-20T14:03:22")
    if ":" not in value:  # a day alone would mean its midnight, and contradict every bill of that day
        raise ValueError("2026-11-20T14:03:22")
    at = datetime.fromisoformat(_text(value))
    at = at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at
    if at.year not in YEARS:  # at the calendar's ends no time zone can be added or taken off
        raise ValueError(f"{YEARS.start}-{YEARS.stop - 1}")
    return at


def _names(value: object) -> str:
    return "|".join(_text(name) for name in _as_list(value)) if _is_list(value) else _text(value)


_READERS: Mapping[str, Callable[[object], object]] = MappingProxyType(
    {"amount": _amount, "paid_at": _instant, "uploaded_at": _instant, "delivered_at": _instant, "payee": _names}
)


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadExpectation(detail=f"{where or 'EXPECT.json'}: {{…}}")
    return msgspec.convert(value, dict[str, object])


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _as_list(value: object) -> list[object]:
    return msgspec.convert(value, list[object])


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a key said twice nobody knows which is meant."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise BadExpectation(detail=f"{key[:TEXT_CHARS_MAX]} x2")
        found[key] = value
    return found


def _no_number(word: str) -> object:
    raise BadExpectation(detail=word)
