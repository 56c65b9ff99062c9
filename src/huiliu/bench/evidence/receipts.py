"""Made-up payments, orders and memberships: the values that pages show. One name and number always give the same one."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from huiliu.bench.evidence import words
from huiliu.bench.evidence.truth import PageKind
from huiliu.evidence.inspection.model import StatusCode

SEEDS = ("train", "calibration", "test", "extra")
EDITION = 1
"""Counts up when the same seed gives other pictures."""
BASES_MAX = 100_000
CHINA = timezone(timedelta(hours=8))
FIRST, LAST = datetime(2025, 3, 1, tzinfo=CHINA), datetime(2026, 11, 20, tzinfo=CHINA)
KINDS = (
    (PageKind.ALIPAY_BILL, 30), (PageKind.WECHAT_BILL, 30), (PageKind.PLATFORM_ORDER, 26), (PageKind.MEMBERSHIP, 8),
    (PageKind.PRODUCT_PAGE, 6),
)  # fmt: skip
ODD_PRICE_SHARE, DISCOUNT_SHARE, TWO_OR_MORE_SHARE = 0.35, 0.3, 0.12
PHONE_SHARE = 0.55
Item = TypeVar("Item")


class Look(Struct, frozen=True, kw_only=True):
    """How the app's version words and sets the page: the same for receipts of one template."""

    variant: int
    """Chooses among wordings."""
    is_right_aligned: bool
    has_colon: bool
    extras: int
    """How many of the rows that matter to nobody are there."""


class Receipt(Struct, frozen=True, kw_only=True):
    """Everything one page may show. Money is in fen."""

    kind: PageKind
    look: Look
    product: str
    shop: str
    company: str
    acquirer: str
    unit_minor: int
    amount_minor: int
    quantity: int
    order_no: str
    trade_no: str
    ordered_at: datetime
    paid_at: datetime
    status: StatusCode
    status_text: str
    account: str
    nick: str
    level: str
    opened_at: datetime
    expires_at: datetime
    method: str
    shown_at: datetime
    """When the telephone took the picture: its status bar."""
    uploaded_at: datetime

    @property
    def amount(self) -> str:
        """Yuan with two decimals."""
        return f"{self.amount_minor // 100}.{self.amount_minor % 100:02d}"


def dice(*names: object) -> random.Random:
    """A generator of its own for each name, so that nothing drawn elsewhere moves what is drawn here."""
    text = "/".join(("huiliu-evidence", str(EDITION), *map(str, names)))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))  # noqa: S311  not a secret


def receipt(seed: str, base: int, *, kind: PageKind | None = None) -> Receipt:
    """The receipt with this number of this seed."""
    rng = dice(seed, base, "receipt")
    chosen = weighted(rng, KINDS)
    return _made(rng, kind or chosen, _look(rng))


def another(first: Receipt, rng: random.Random) -> Receipt:
    """A different receipt of the same template: the same app version, other values."""
    made = _made(rng, first.kind, first.look)
    # What decides where rows stand is the same, as in two bills of one shop.
    return replace(
        made, product=first.product, shop=first.shop, company=first.company, acquirer=first.acquirer,
        account=first.account, nick=first.nick, level=first.level, method=first.method, quantity=first.quantity,
        order_no=_like(first.order_no, rng),
    )  # fmt: skip


def weighted(rng: random.Random, table: Sequence[tuple[Item, int]]) -> Item:
    """One of the first members, as often as the second says."""
    return rng.choices([item for item, _ in table], [weight for _, weight in table])[0]


def _look(rng: random.Random) -> Look:
    return Look(
        variant=rng.randrange(1 << 16),
        is_right_aligned=rng.random() < 0.6,
        has_colon=rng.random() < 0.2,
        extras=rng.randrange(4),
    )


def _made(rng: random.Random, kind: PageKind, look: Look) -> Receipt:
    product, unit = rng.choice(words.PRODUCTS)
    if rng.random() < ODD_PRICE_SHARE:
        unit = rng.randrange(5_00, 1200_00)
    quantity = rng.randrange(2, 6) if rng.random() < TWO_OR_MORE_SHARE else 1
    off = rng.randrange(1, max(2, unit // 10)) if rng.random() < DISCOUNT_SHARE else 0
    ordered_at = _instant(rng)
    paid_at = ordered_at + timedelta(seconds=rng.randrange(4, 200))
    shown_at = paid_at + timedelta(seconds=int(rng.lognormvariate(8.6, 1.6)) + 90)
    status, status_text = weighted(rng, _STATUSES.get(kind, words.ORDER_STATUS))
    opened_at = paid_at
    expires_at = shown_at + timedelta(seconds=rng.randrange(86_400, 86_400 * 380))
    if status is StatusCode.EXPIRED:
        expires_at = opened_at + timedelta(days=31)
        shown_at = expires_at + timedelta(seconds=rng.randrange(3_600, 86_400 * 40))
    city, name = rng.choice(words.CITIES), rng.choice(words.NAMES)
    return Receipt(
        kind=kind, look=look, product=product, shop=name + rng.choice(words.SHOPS),
        company=f"{city}{name}{rng.choice(words.TRADES)}",
        acquirer=rng.choice(words.ACQUIRERS).format(city=city, name=rng.choice(words.NAMES)),
        unit_minor=unit, amount_minor=unit * quantity - off, quantity=quantity,
        order_no=_order_no(rng, ordered_at), trade_no=_trade_no(rng, kind, paid_at),
        ordered_at=ordered_at, paid_at=paid_at, status=status, status_text=status_text,
        account=_account(rng), nick=rng.choice(words.NICKS), level=rng.choice(words.LEVELS),
        opened_at=opened_at, expires_at=expires_at, method=_method(rng, kind), shown_at=shown_at,
        uploaded_at=shown_at + timedelta(seconds=rng.randrange(60, 5_400)),
    )  # fmt: skip


_STATUSES = {
    PageKind.ALIPAY_BILL: words.ALIPAY_STATUS,
    PageKind.WECHAT_BILL: words.WECHAT_STATUS,
    PageKind.MEMBERSHIP: words.MEMBER_STATUS,
}


def _instant(rng: random.Random) -> datetime:
    """Some second of the period; few people buy at night."""
    day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days))
    hour = min(23, max(0, round(rng.triangular(0, 24, 17))))
    return day.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60))


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _order_no(rng: random.Random, at: datetime) -> str:
    """Platforms number in several shapes."""
    letters = rng.choice(("KM", "DD", "XC", "HL", "SN", "VP"))
    match rng.randrange(6):
        case 0:
            return f"{letters}{rng.randrange(1, 10)}{_digits(rng, 7)}"
        case 1:
            return f"{letters}{at:%Y%m%d}{_digits(rng, 5)}"
        case 2:
            return f"{at:%Y%m%d%H%M%S}{_digits(rng, 6)}"
        case 3:
            return f"{rng.randrange(1, 10)}{_digits(rng, 17)}"
        case 4:
            return f"{letters}-{at:%y%m%d}-{_digits(rng, 6)}"
        case _:
            return f"P{letters}{rng.randrange(1, 10)}{_digits(rng, 9)}"


def _like(number: str, rng: random.Random) -> str:
    """Another number of the same shape: the last digits differ."""
    return number[:-4] + _digits(rng, 4)


def _trade_no(rng: random.Random, kind: PageKind, at: datetime) -> str:
    """28 digits: Alipay's begin with the day, WeChat's hold it from the eleventh on."""
    if kind is PageKind.WECHAT_BILL:
        return f"4200{rng.randrange(2_000, 3_500):06d}{at:%Y%m%d}{_digits(rng, 10)}"
    return f"{at:%Y%m%d}2200{rng.randrange(1, 10)}{_digits(rng, 15)}"


def _account(rng: random.Random) -> str:
    if rng.random() < PHONE_SHARE:
        number = f"1{rng.choice('35789')}{_digits(rng, 9)}"
        return f"{number[:3]}****{number[7:]}" if rng.random() < 0.4 else number
    return rng.choice(
        (f"user_{_digits(rng, 5)}", f"{rng.randrange(1, 10)}{_digits(rng, 8)}", f"player{_digits(rng, 4)}")
    )


def _method(rng: random.Random, kind: PageKind) -> str:
    methods = words.WECHAT_METHODS if kind is PageKind.WECHAT_BILL else words.ALIPAY_METHODS
    return rng.choice(methods).format(bank=rng.choice(words.BANKS), tail=_digits(rng, 4))
