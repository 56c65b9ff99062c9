"""One cell of a sheet, or one field of a request, into a value of ours: read exactly or refused, never guessed."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from huiliu.kit.errors import Fact
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import AMOUNT_MINOR_MAX, parse_minor
from huiliu.orders.checks import clean
from huiliu.orders.model import Precision

Cell: TypeAlias = str | int | float | bool | datetime | date | time | None
"""What a CSV (text only) or a workbook puts into one place."""

CELL_TEXT_MAX = 10_000
EXACT_DIGITS = 15
"""A spreadsheet keeps no more; a longer number was rounded before it came here."""
EPOCH_SECONDS_MAX = 4_102_444_800  # 2100-01-01

_TIME = re.compile(
    r"^(?P<y>\d{4})(?:[-/.年])(?P<m>\d{1,2})(?:[-/.月])(?P<d>\d{1,2})日?"
    r"(?:[T\s]*(?P<H>\d{1,2})\s*[:时点]\s*(?P<M>\d{1,2})\s*分?(?:[:]?\s*(?P<S>\d{1,2})(?:[.,]\d{1,9})?\s*秒?)?)?"
    r"\s*(?P<zone>Z|[+\-]\d{2}:?\d{2})?$",
    re.ASCII | re.I,
)
_DENSE = re.compile(r"^(?P<y>20\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2}))?$", re.ASCII)
_SAFE_QUOTE = re.compile(r"^'(?=[=+\-@\t\r])")
# A comma only between thousands: 12,34 would otherwise become a hundred times itself.
_AMOUNT = re.compile(r"^-?[¥$]?-?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,15})?(?:元|CNY)?$", re.ASCII)
_INTEGER = re.compile(r"^-?\d{1,18}$", re.ASCII)


class BadCell(Exception):
    """This cell cannot be read; `reason_code` has words under orders.problem."""

    def __init__(self, reason_code: str, **facts: Fact) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code
        self.facts: dict[str, Fact] = facts


def text_of(cell: Cell, *, keep_lines: bool = False) -> str:
    """Words of a cell; the apostrophe that keeps a reject file harmless in a spreadsheet is taken off again."""
    match cell:
        case None:
            return ""
        case str():
            if len(cell) > CELL_TEXT_MAX:
                raise BadCell("too_long", most=CELL_TEXT_MAX, given=len(cell))
            return clean(_SAFE_QUOTE.sub("", cell), keep_lines=keep_lines)
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return format(_decimal(cell), "f")
        case _:
            return cell.isoformat()


def identifier_of(cell: Cell, *, number_format: str = "General") -> str:
    """A number that names something. Refuses what a spreadsheet has rounded, or stripped of leading zeros for display."""
    if isinstance(cell, bool):
        raise BadCell("number_characters")
    if not isinstance(cell, (int, float)):
        if isinstance(cell, (datetime, date, time)):
            raise BadCell("date_as_identifier")
        return text_of(cell)
    number = _decimal(cell)
    digits = format(number, "f")
    if number != number.to_integral_value() or number < 0:
        raise BadCell("number_characters")
    if len(digits) > EXACT_DIGITS:
        raise BadCell("number_rounded", most=EXACT_DIGITS)
    if re.match(r"^0{2,}$", number_format) and len(digits) < len(number_format):
        raise BadCell("leading_zeros_lost")
    return digits


def minor_of(cell: Cell, *, unit: str = "yuan") -> int:
    """Fen of an amount written in yuan, or in fen when the mapping says so."""
    if isinstance(cell, (bool, datetime, date, time)):
        raise BadCell("not_an_amount")
    text = unicodedata.normalize("NFKC", text_of(cell)).replace(" ", "")
    if not _AMOUNT.match(text):
        raise BadCell("not_an_amount")
    try:
        if unit == "yuan":
            return parse_minor(text)
        minor = int(text) if _INTEGER.match(text) else None
    except ValueError as error:
        raise BadCell(_AMOUNT_REASONS.get(str(error), "not_an_amount")) from None
    if minor is None:
        raise BadCell("fen_not_whole")
    if abs(minor) > AMOUNT_MINOR_MAX:
        raise BadCell("amount_too_large", most_minor=AMOUNT_MINOR_MAX)
    return minor


_AMOUNT_REASONS = {"more than two decimals": "more_decimals", "beyond the largest amount": "amount_too_large"}


def integer_of(cell: Cell) -> int:
    """A whole number, e.g. a quantity."""
    text = unicodedata.normalize("NFKC", text_of(cell)).replace(",", "")
    if isinstance(cell, (bool, datetime, date, time)) or not _INTEGER.match(text):
        raise BadCell("not_a_whole_number")
    return int(text)


def time_of(cell: Cell, *, time_format: str = "", zone: ZoneInfo = SHANGHAI) -> tuple[datetime, Precision]:
    """An aware time and how exactly it was written. A time without a zone is `zone`'s."""
    match cell:
        case datetime():
            return _zoned(cell.replace(microsecond=0), zone), Precision.SECOND
        case date():
            return datetime(cell.year, cell.month, cell.day, tzinfo=zone), Precision.DAY
        case bool() | time() | None:
            raise BadCell("time_unreadable")
        case _:
            text = unicodedata.normalize("NFKC", text_of(cell))
    if time_format in ("epoch", "epoch_ms"):
        return _epoch(text, 1000 if time_format == "epoch_ms" else 1), Precision.SECOND
    if time_format:
        return _formatted(text, time_format, zone)
    found = _TIME.match(text) or (_DENSE.match(text) if isinstance(cell, str) else None)
    if found is None:
        raise BadCell("time_unreadable")
    part = found.groupdict()
    try:
        year, month, day, hour, minute, second = (int(part[name] or 0) for name in "ymdHMS")
        at = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise BadCell("time_unreadable") from None
    named = part.get("zone")
    if named:
        at = datetime.fromisoformat(f"{at.isoformat()}{named.upper().replace('Z', '+00:00')}")
    precision = Precision.SECOND if part["S"] else Precision.MINUTE if part["H"] else Precision.DAY
    return _zoned(at, zone), precision


def _epoch(text: str, scale: int) -> datetime:
    if not _INTEGER.match(text) or not 0 < int(text) <= EPOCH_SECONDS_MAX * scale:
        raise BadCell("time_unreadable")
    return datetime.fromtimestamp(int(text) // scale, SHANGHAI)


def _formatted(text: str, time_format: str, zone: ZoneInfo) -> tuple[datetime, Precision]:
    try:
        at = datetime.strptime(text, time_format)
    except ValueError:
        raise BadCell("time_unlike_format", format=time_format) from None
    if any(code in time_format for code in ("%S", "%T", "%c", "%X")):
        return _zoned(at, zone), Precision.SECOND
    return _zoned(at, zone), Precision.MINUTE if "%M" in time_format else Precision.DAY


def _zoned(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _decimal(cell: float) -> Decimal:
    """A spreadsheet's number as its user sees it: 0.1+0.2 is stored as 0.30000000000000004 and shown as 0.3."""
    if isinstance(cell, int):
        return Decimal(cell)
    number = Decimal(format(cell, f".{EXACT_DIGITS}g"))
    if not number.is_finite():
        raise BadCell("not_a_number")
    if abs(number) > 10**30:
        raise BadCell("number_rounded", most=EXACT_DIGITS)
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number
