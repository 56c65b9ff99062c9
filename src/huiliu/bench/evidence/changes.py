"""What a forger wants to read in the picture instead: another amount, number, time or status."""

from __future__ import annotations

import random
import re
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from huiliu.bench.evidence import words
from huiliu.bench.evidence.receipts import Receipt
from huiliu.bench.evidence.stage import Printed, Shot
from huiliu.bench.evidence.truth import PageKind
from huiliu.evidence.inspection.model import FieldName, StatusCode

TARGETS = ((FieldName.AMOUNT, 45), (FieldName.PAID_AT, 28), (FieldName.TRADE_NO, 27))
WHOLE_SHARE = 0.3
"""How often all digits of the piece are redrawn, and not only those that differ."""
TRIES_MAX = 200
TAIL = 10
"""How many of a trade number's last digits a forger may touch."""
_TIME = re.compile(r"(\d{1,2}):(\d{2})(:\d{2})?$")


class Change(Struct, frozen=True, kw_only=True):
    """From one text to another of the same length. `places` are the characters to redraw."""

    printed: Printed
    after: str
    value: str
    places: tuple[int, ...]
    receipt: Receipt
    """What the page would have to show."""
    shift_seconds: int = 0


def digit_change(shot: Shot, made: Receipt, rng: random.Random, *, own_digits: bool = False) -> Change:
    """Other digits in one of the fields that money hangs on; `own_digits` takes them from the same text."""
    there = [(each, weight) for name, weight in TARGETS if (each := shot.find(name)) is not None]
    for _ in range(TRIES_MAX):
        printed = rng.choices([each for each, _ in there], [weight for _, weight in there])[0]
        after = _other(printed, rng)
        differing = tuple(at for at, (one, two) in enumerate(zip(printed.text, after, strict=True)) if one != two)
        if not differing or (own_digits and any(after[at] not in printed.text for at in differing)):
            continue
        places = differing
        if not own_digits and rng.random() < WHOLE_SHARE:
            places = tuple(at for at in _piece(printed) if printed.text[at].isdigit())
        return _change(printed, after, made, places)
    raise ValueError(f"no digit of {[each.text for each, _ in there]} can be changed")


def status_change(shot: Shot, made: Receipt, rng: random.Random) -> Change:
    """Another status in the app's own words."""
    printed = shot.find(FieldName.STATUS)
    if printed is None:
        raise ValueError("this page shows no status")
    table = {PageKind.ALIPAY_BILL: words.ALIPAY_STATUS, PageKind.WECHAT_BILL: words.WECHAT_STATUS}
    others = [pair for pair, _ in table.get(made.kind, words.ORDER_STATUS) if pair[0] is not made.status]
    code, text = rng.choice(others)
    places = tuple(range(len(printed.text)))
    wanted = replace(made, status=code, status_text=text)
    return Change(printed=printed, after=text, value=code, places=places, receipt=wanted)


def taken_over(printed: Printed, donor: Printed, made: Receipt) -> Change:
    """The donor's value instead of the page's own."""
    change = _change(printed, donor.text, made, tuple(range(len(printed.text))))
    return change


def _change(printed: Printed, after: str, made: Receipt, places: tuple[int, ...]) -> Change:
    match printed.name:
        case FieldName.AMOUNT:
            value = re.sub(r"[^\d.]", "", after)
            wanted, shift = replace(made, amount_minor=int(value.replace(".", ""))), 0
        case FieldName.PAID_AT:
            at = _instant(after, made)
            wanted, shift = replace(made, paid_at=at), int((at - made.paid_at).total_seconds())
            precision = "minutes" if after.count(":") == 1 else "seconds"
            value = at.isoformat(timespec=precision)
        case _:
            value, wanted, shift = after, replace(made, trade_no=after), 0
    return Change(printed=printed, after=after, value=value, places=places, receipt=wanted, shift_seconds=shift)


def _instant(text: str, made: Receipt) -> datetime:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    year, month, day, hour, minute = numbers[:5]
    second = numbers[5] if len(numbers) > 5 else made.paid_at.second
    return datetime(year, month, day, hour, minute, second, tzinfo=made.paid_at.tzinfo)


def _piece(printed: Printed) -> range:
    """The characters that belong to what was changed."""
    length = len(printed.text)
    match printed.name:
        case FieldName.PAID_AT:
            found = _TIME.search(printed.text)
            return range(found.start() if found else 0, length)
        case FieldName.TRADE_NO:
            return range(length - TAIL, length)
        case _:
            return range(length)


def _other(printed: Printed, rng: random.Random) -> str:
    """The text with one to three digits changed so that it stays well-formed."""
    letters = list(printed.text)
    piece = [at for at in _piece(printed) if letters[at].isdigit()]
    if printed.name is FieldName.PAID_AT:
        found = _TIME.search(printed.text)
        assert found is not None
        hour, minute = f"{rng.randrange(24):02d}", f"{rng.randrange(60):02d}"
        hour = found[1] if rng.random() < 0.4 or len(found[1]) != 2 else hour
        return f"{printed.text[: found.start()]}{hour}:{minute}{found[3] or ''}"
    count = rng.choices((1, 2, 3), (60, 30, 10))[0]
    for at in rng.sample(piece, min(count, len(piece))):
        leading = at == piece[0] and printed.name is FieldName.AMOUNT
        letters[at] = rng.choice("123456789" if leading else "0123456789")
    return "".join(letters)


def is_forgeable(made: Receipt) -> bool:
    """Pages on which all attacks make sense."""
    return made.kind in (PageKind.ALIPAY_BILL, PageKind.WECHAT_BILL, PageKind.PLATFORM_ORDER)


UNSETTLED = (StatusCode.PENDING, StatusCode.NOT_DELIVERED, StatusCode.FAILED)
"""Statuses that a refund is asked for."""
