"""Papers that nobody should hand in: an identity card, a bank card, a passport, known by the words printed on them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huiliu.evidence.inspection.model import Line
from huiliu.evidence.reading.forms import squeezed

ID_CARD = "id_card"
BANK_CARD = "bank_card"
PASSPORT = "passport"
DRIVING_LICENCE = "driving_licence"

ID_FRONT = ("姓名", "性别", "民族", "出生", "住址", "公民身份号码", "公民身份")
ID_BACK = ("中华人民共和国", "居民身份证", "签发机关", "有效期限")
ID_FRONT_MIN, ID_BACK_MIN, ID_WITH_NUMBER_MIN = 4, 3, 2
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"

CARD_NUMBER = re.compile(r"(?<!\d)\d{4}(?: \d{4}){3}(?: ?\d{1,3})?(?!\d)")
CARD_WORDS = (
    "银联",
    "unionpay",
    "valid",
    "thru",
    "month/year",
    "借记卡",
    "信用卡",
    "储蓄卡",
    "银行",
    "bank",
    "visa",
    "atm",
)
CARD_LINES_MAX = 16
CARD_DIGITS = range(16, 20)

PASSPORT_MACHINE_LINE = re.compile(r"P[<O0][A-Z]{3}[A-Z<]{5,}|[A-Z0-9]{9}\d[A-Z]{3}\d{7}[MF<]")
PASSPORT_WORDS = ("护照", "PASSPORT", "护照号", "Passport", "NATIONALITY", "Nationality", "国籍")
LICENCE_WORDS = ("机动车驾驶证", "准驾车型", "初次领证日期", "有效期限", "DrivingLicense")
LICENCE_MIN = 2


def private_document(lines: Sequence[Line]) -> str | None:
    """The code of the paper that these lines stand on, or None. Orders and bills that mention a bank are none."""
    texts = [squeezed(line.text) for line in lines]
    if _starts(texts, LICENCE_WORDS) >= LICENCE_MIN and any("驾驶证" in text or "准驾车型" in text for text in texts):
        return DRIVING_LICENCE
    if _is_id_card(texts):
        return ID_CARD
    if _is_passport(texts):
        return PASSPORT
    if len(lines) <= CARD_LINES_MAX and _is_bank_card([line.text for line in lines], texts):
        return BANK_CARD
    return None


def valid_id_number(text: str) -> bool:
    """Whether these 18 characters carry the right check character (GB 11643-1999)."""
    if ID_NUMBER.fullmatch(text) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, ID_WEIGHTS, strict=False))
    return text[-1].upper() == ID_CHECKS[total % 11]


def valid_card_number(text: str) -> bool:
    """Whether these 16 to 19 digits carry the right check digit (ISO/IEC 7812, Luhn)."""
    if len(text) not in CARD_DIGITS or not text.isascii() or not text.isdigit():
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _starts(texts: Sequence[str], words: Sequence[str]) -> int:
    return sum(any(text.startswith(word) for text in texts) for word in words)


def _is_id_card(texts: Sequence[str]) -> bool:
    front = sum(any(word in text for text in texts) for word in ID_FRONT)
    has_number = any(valid_id_number(found) for text in texts for found in ID_NUMBER.findall(text))
    if front >= ID_FRONT_MIN or (has_number and front >= ID_WITH_NUMBER_MIN):
        return True
    return sum(any(word in text for text in texts) for word in ID_BACK) >= ID_BACK_MIN


def _is_passport(texts: Sequence[str]) -> bool:
    has_machine_line = any(PASSPORT_MACHINE_LINE.search(text) for text in texts)
    words = sum(any(word in text for text in texts) for word in PASSPORT_WORDS)
    return words >= (1 if has_machine_line else 3)


def _is_bank_card(printed: Sequence[str], texts: Sequence[str]) -> bool:
    numbers = [found.replace(" ", "") for text in printed for found in CARD_NUMBER.findall(text)]
    has_number = any(valid_card_number(number) for number in numbers)
    return has_number and any(word in text.lower() for text in texts for word in CARD_WORDS)
