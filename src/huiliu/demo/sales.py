"""The demonstration's orders, as ages: when it is first started they become times, so that they are always fresh."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from huiliu.demo.cast import CROWD, FIVE, XIAOMAN, ZHOUMO
from huiliu.demo.goods import GOODS
from huiliu.kit.ids import SHANGHAI
from huiliu.orders.model import (
    DeliveryState,
    OrderDraft,
    OrderLineDraft,
    Precision,
    ProductKind,
    Rail,
    UsageDraft,
    UsageState,
)

PAY_DELAY = timedelta(seconds=40)
DELIVERY_DELAY = timedelta(minutes=6)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DELIVERED, PENDING, PROCESSING, FAILED = (
    DeliveryState.DELIVERED,
    DeliveryState.PENDING,
    DeliveryState.PROCESSING,
    DeliveryState.FAILED,
)
UNUSED, PART, USED = UsageState.UNUSED, UsageState.PART_USED, UsageState.USED
LOG = "平台发货系统"
MISBEHAVING = frozenset({"20681003", "20681008", "20681010"})
"""On these rail_plan.json makes the rail misbehave, so their payments keep one number whatever the day."""
BANK_CARD = "6225880100000403"
"""Nobody's."""


class Sale(Struct, frozen=True, kw_only=True):
    """One order. `no` is its number without the platform's letters; `used` is how much of the good's units is used up."""

    no: str
    good: str
    contact: str
    age: timedelta
    rail: Rail = Rail.WECHATPAY
    delivery: DeliveryState = DELIVERED
    note: str = ""
    usage: UsageState | None = None
    used: int | None = None
    seen: timedelta | None = None
    """How long ago the shop's log was read; before the claim that leans on it."""
    account: str = "10086001"
    written: str = ""
    """What the order's description says about the account, where it differs or matters."""
    password: str = ""
    fee_minor: int = 0
    precision: Precision = Precision.SECOND


NAMED = (
    # 林小满: the orders that docs/guides/demo.md plays with.
    Sale(no="20681001", good="coupon_6480", contact=XIAOMAN, age=2 * HOUR + 10 * MINUTE, account="xiaoman_0520"),
    Sale(no="20681002", good="video_year", contact=XIAOMAN, age=5 * HOUR, rail=Rail.ALIPAY, account=XIAOMAN),
    Sale(no="20681003", good="boost_month", contact=XIAOMAN, age=12 * DAY, usage=PART, used=12, account=XIAOMAN),
    Sale(no="20681004", good="card_30", contact=XIAOMAN, age=20 * MINUTE, usage=UNUSED, account="", password="man520"),  # noqa: S106 - of an order that nobody placed
    Sale(
        no="20681005", good="pass_season", contact=XIAOMAN, age=7 * HOUR, account="shanhai_88213",
        written="请充到游戏账号：shanhai_88231，勿登录其他账号",
    ),
    Sale(no="20681006", good="disk_month", contact=XIAOMAN, age=6 * DAY + 4 * HOUR, usage=PART, seen=10 * HOUR, used=6, account=XIAOMAN),
    Sale(no="20681007", good="coupon_1000", contact=XIAOMAN, age=3 * DAY, account="xiaoman_0520"),
    Sale(no="20681008", good="rank_up", contact=XIAOMAN, age=9 * DAY, rail=Rail.ALIPAY, usage=PART, used=4),
    Sale(no="20681009", good="card_100", contact=XIAOMAN, age=3 * DAY + 10 * HOUR, usage=UNUSED, seen=3 * DAY + HOUR, account=""),
    Sale(no="20681010", good="music_season", contact=XIAOMAN, age=26 * DAY, usage=PART, used=26, account=XIAOMAN),
    # 周末
    Sale(no="20682001", good="diamond_2400", contact=ZHOUMO, age=50 * MINUTE, delivery=PROCESSING, account="zhoumo_sea"),
    Sale(
        no="20682002", good="phone_100", contact=ZHOUMO, age=90 * MINUTE, delivery=FAILED,
        note="充值失败：号码已携号转网", account=ZHOUMO,
    ),
    Sale(no="20682003", good="hours_10", contact=ZHOUMO, age=8 * DAY, usage=PART, seen=49 * HOUR, used=3, rail=Rail.ALIPAY),
    Sale(no="20682004", good="licence_year", contact=ZHOUMO, age=5 * DAY, usage=USED, seen=2 * DAY + HOUR, account=""),
    Sale(no="20682005", good="coupon_1000", contact=ZHOUMO, age=20 * HOUR, usage=UNUSED, account="zhoumo_hero"),
    # Others, whose claims fill the desk.
    Sale(no="20683001", good="coupon_6480", contact=CROWD[0], age=3 * HOUR, account="hero_aking"),
    Sale(no="20683002", good="gift_1000", contact=CROWD[1], age=30 * HOUR, usage=UNUSED, seen=9 * HOUR, account=""),
    Sale(no="20683003", good="guild", contact=CROWD[2], age=15 * DAY, usage=PART, seen=4 * HOUR, used=5, rail=Rail.ALIPAY),
    Sale(no="20683004", good="video_month", contact=CROWD[3], age=28 * HOUR, account=CROWD[3]),
    Sale(no="20683005", good="coupon_1000", contact=CROWD[4], age=2 * DAY, usage=USED, seen=33 * HOUR, used=1000, account="laok_999"),
    Sale(no="20683006", good="hours_10", contact=CROWD[5], age=6 * DAY, usage=PART, seen=5 * HOUR, used=2, rail=Rail.BANK),
    Sale(no="20683007", good="diamond_2400", contact=CROWD[6], age=40 * HOUR, account="sea_66120", written="充值账号：sea_66102"),
    Sale(no="20683008", good="coupon_6480", contact=CROWD[7], age=4 * DAY, account="hero_nan"),
    Sale(
        no="20683009", good="disk_month", contact=CROWD[8], age=5 * DAY + 8 * HOUR,
        usage=PART, seen=2 * DAY + 7 * HOUR, used=3, rail=Rail.ALIPAY, account=CROWD[8],
    ),
    Sale(no="20683010", good="card_100", contact=CROWD[9], age=2 * DAY, usage=UNUSED, seen=29 * HOUR, account=""),
    Sale(
        no="20683011", good="phone_100", contact=CROWD[10], age=40 * MINUTE, delivery=FAILED,
        note="充值失败：运营商维护", account=CROWD[10],
    ),
    Sale(
        no="20683012", good="music_season", contact=CROWD[11], age=12 * DAY,
        usage=PART, seen=5 * DAY + 2 * HOUR, used=7, rail=Rail.ALIPAY, account=CROWD[11],
    ),
    # Five whose evidence is worth a second look.
    Sale(no="20685001", good="coupon_6480", contact=FIVE[0], age=9 * HOUR, account="hero_rain"),
    Sale(no="20685002", good="coupon_1000", contact=FIVE[1], age=30 * HOUR, account="hero_bei"),
    Sale(no="20685003", good="coupon_6480", contact=FIVE[2], age=4 * DAY + 2 * HOUR, account="hero_lan"),
    Sale(no="20685004", good="diamond_2400", contact=FIVE[3], age=26 * HOUR, rail=Rail.ALIPAY, account="sea_31415"),
    Sale(no="20685005", good="flow_month", contact=FIVE[4], age=2 * DAY, rail=Rail.ALIPAY, account=FIVE[4]),
)  # fmt: skip

CROWD_GOODS = (
    "coupon_1000", "video_month", "card_100", "phone_100", "disk_month", "card_30", "diamond_2400", "music_season",
    "boost_month", "pass_season", "rank_up", "licence_year", "hours_10",
)  # fmt: skip
CROWD_AGES = (
    25 * MINUTE, 55 * MINUTE, 2 * HOUR, 4 * HOUR, 9 * HOUR, 16 * HOUR, 27 * HOUR, 2 * DAY, 3 * DAY, 4 * DAY, 6 * DAY,
    8 * DAY, 11 * DAY, 14 * DAY, 17 * DAY, 21 * DAY, 25 * DAY, 30 * DAY,
)  # fmt: skip
CROWD_SALES = 26


def kamen_sales() -> tuple[Sale, ...]:
    """Every order of 卡门: those that have a part to play, and a crowd that nothing happened to."""
    return NAMED + tuple(_crowd_sale(number) for number in range(CROWD_SALES))


def xingka_sales() -> tuple[Sale, ...]:
    """Every order of 星卡. 林小满 shops there too: one platform's orders are not the other's."""
    ages = (35 * MINUTE, 6 * HOUR, 25 * HOUR, 3 * DAY, 5 * DAY, 10 * DAY, 20 * DAY)
    goods = ("coupon_1000", "video_year", "gift_1000", "card_100", "boost_month", "disk_month", "phone_100")
    contacts = (XIAOMAN, CROWD[0], CROWD[4], ZHOUMO, XIAOMAN, CROWD[7], CROWD[2])
    return tuple(
        Sale(no=f"3068100{number}", good=good, contact=contact, age=age, rail=Rail.ALIPAY, usage=UNUSED)
        for number, (good, contact, age) in enumerate(zip(goods, contacts, ages, strict=True), 1)
    )


def trade_no(sale: Sale, paid_at: datetime, *, prefix: str) -> str:
    """The rail's own number, in the form that its bills print. Nobody's, and the same for the same order and day."""
    day = f"{paid_at.astimezone(SHANGHAI):%Y%m%d}"
    if sale.no in MISBEHAVING:
        return f"SB{prefix}{sale.no}"
    match sale.rail:
        case Rail.ALIPAY:
            return f"{day}22001{int(sale.no):015d}"
        case Rail.WECHATPAY:
            return f"4200002890{day}{int(sale.no):010d}"
        case _:
            return f"SB{prefix}{sale.no}"


def rail_order_no(sale: Sale, *, prefix: str) -> str:
    """The number under which the platform asked the rail for the money."""
    return f"P{prefix}{sale.no}"


def draft(sale: Sale, now: datetime, *, row: int, prefix: str) -> OrderDraft:
    """The order as the platform's own system would hand it in."""
    good = GOODS[sale.good]
    ordered = (now - sale.age).replace(microsecond=0)
    is_delivered = sale.delivery is DELIVERED
    return OrderDraft(
        row=row,
        order_no=f"{prefix}{sale.no}",
        rail=sale.rail,
        rail_trade_no=trade_no(sale, ordered + PAY_DELAY, prefix=prefix),
        rail_order_no=rail_order_no(sale, prefix=prefix),
        payer_account={Rail.ALIPAY: sale.contact, Rail.BANK: BANK_CARD}.get(sale.rail, ""),
        paid_minor=good.price_minor,
        fee_minor=sale.fee_minor,
        ordered_at=ordered,
        ordered_precision=sale.precision,
        paid_at=ordered + PAY_DELAY,
        delivered_at=ordered + PAY_DELAY + DELIVERY_DELAY if is_delivered else None,
        delivery_state=sale.delivery,
        delivery_note=sale.note,
        merchant=good.merchant,
        contact=sale.contact,
        lookup_password=sale.password,
        account=sale.account if good.kind is not ProductKind.CARD else "",
        description=sale.written,
        lines=(
            OrderLineDraft(
                title=good.title,
                kind=good.kind,
                paid_minor=good.price_minor,
                promise=good.promise,
                usage=_usage(sale, now),
            ),
        ),
    )


def _usage(sale: Sale, now: datetime) -> UsageDraft | None:
    if sale.usage is None:
        return None
    good = GOODS[sale.good]
    used = 0 if sale.usage is UNUSED else sale.used
    counts = good.units is not None and used is not None
    return UsageDraft(
        state=sale.usage,
        units_total=good.units if counts else None,
        units_used=used if counts else None,
        unit=good.unit if counts else "",
        source=LOG,
        record_ref=f"USE-{sale.no}",
        observed_at=now - (sale.seen or min(sale.age / 4, 3 * HOUR)),
    )


def _crowd_sale(number: int) -> Sale:
    good = CROWD_GOODS[number % len(CROWD_GOODS)]
    age = CROWD_AGES[number % len(CROWD_AGES)] + number * 3 * MINUTE
    state = (UNUSED, None, PART, None, UNUSED)[number % 5]
    units = GOODS[good].units
    used = None if units is None else min(units // 4, age.days if GOODS[good].unit == "天" else units)
    if state is PART and not used:
        state = None
    return Sale(
        no=f"206840{number + 10}",
        good=good,
        contact=CROWD[number * 5 % len(CROWD)],
        age=age,
        rail=(Rail.WECHATPAY, Rail.ALIPAY, Rail.SANDBOX)[number % 3],
        delivery=PENDING if number % 9 == 0 else DELIVERED,
        usage=None if number % 9 == 0 else state,
        used=used if state is PART else None,
        account=f"user_{8800 + number}",
        precision=Precision.MINUTE if number % 4 == 1 else Precision.SECOND,
    )
