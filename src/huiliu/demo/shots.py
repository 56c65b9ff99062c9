"""The screenshots that the scenes need, drawn from the orders themselves: which order, which slot, which picture."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from huiliu.demo.goods import GOODS
from huiliu.demo.pictures import Shot
from huiliu.demo.sales import DAY, DELIVERY_DELAY, HOUR, MINUTE, NAMED, PAY_DELAY, Sale, rail_order_no, trade_no
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.orders.model import Rail

Shots: TypeAlias = Mapping[str, Mapping[str, Shot]]
"""By the order's number without its letters, then by the slot's code."""

SALES = {sale.no: sale for sale in NAMED}
KAMEN_LETTERS = "KM"
SECONDS = "%Y-%m-%d %H:%M:%S"
SHOT_BEFORE = 2 * MINUTE
"""How long before it was handed in a screenshot was taken."""
FOREIGN_NO = 99_990_001
OWN_ORDER = "20681001"


class Order(Struct, frozen=True, kw_only=True):
    """One of 卡门's orders, with the times it has when the demonstration is first started."""

    sale: Sale
    now: datetime

    @property
    def ordered_at(self) -> datetime:
        """When it was placed."""
        return (self.now - self.sale.age).replace(microsecond=0).astimezone(SHANGHAI)

    @property
    def paid_at(self) -> datetime:
        """When it was paid."""
        return self.ordered_at + PAY_DELAY

    def bill(self, *, minor: int | None = None, trade: str = "") -> Shot:
        """付款截图: the rail's bill. `minor` and `trade`: another amount or trade number than the true ones."""
        good = GOODS[self.sale.good]
        shown = Money(good.price_minor if minor is None else minor, "CNY").major()
        trade = trade or trade_no(self.sale, self.paid_at, prefix=KAMEN_LETTERS)
        paid, number = self.paid_at.strftime(SECONDS), rail_order_no(self.sale, prefix=KAMEN_LETTERS)
        if self.sale.rail is Rail.ALIPAY:
            rows = (
                ("创建时间", self.ordered_at.strftime(SECONDS)), ("支付时间", paid), ("付款方式", "余额宝"),
                ("商品说明", good.title), ("收款方全称", good.merchant), ("订单号", trade), ("商家订单号", number),
            )  # fmt: skip
            return Shot(app="账单详情", tone="blue", headline="交易成功", big=f"-{shown}", rows=rows)
        rows = (
            ("当前状态", "支付成功"), ("支付时间", paid), ("商品", good.title), ("商户全称", good.merchant),
            ("支付方式", "零钱"), ("交易单号", trade), ("商户单号", number),
        )  # fmt: skip
        return Shot(app="账单详情", tone="green", headline=good.merchant, big=f"-{shown}", rows=rows)

    def foreign_bill(self) -> Shot:
        """A bill of a payment that somebody else got."""
        return self.bill(trade=trade_no(replace(self.sale, no=str(FOREIGN_NO)), self.paid_at, prefix=KAMEN_LETTERS))

    def order_page(self, status: str = "充值中") -> Shot:
        """平台订单页: the shop's own page about the order."""
        good = GOODS[self.sale.good]
        rows = (
            ("订单编号", f"{KAMEN_LETTERS}{self.sale.no}"), ("订单状态", status), ("商品名称", good.title),
            ("下单时间", self.ordered_at.strftime(SECONDS)), ("支付时间", self.paid_at.strftime(SECONDS)),
            ("充值账号", self.sale.account), ("实付金额", f"¥{Money(good.price_minor, 'CNY').major()}"),
        )  # fmt: skip
        return Shot(app="订单详情", tone="blue", headline="如有问题请联系客服处理", rows=rows)

    def membership(self, level: str, *, days: int, use: str = "", more: tuple[tuple[str, str], ...] = ()) -> Shot:
        """开通记录, 使用时长证明: the page of what was opened, until when, and how much of it was used."""
        opened = self.paid_at + DELIVERY_DELAY
        rows = (
            ("会员等级", level), ("开通时间", f"{opened:%Y-%m-%d}"), ("到期时间", f"{opened + timedelta(days=days):%Y-%m-%d}"),
            ("会员账号", self.sale.account), ("订单编号", f"{KAMEN_LETTERS}{self.sale.no}"),
        )  # fmt: skip
        used = (("累计使用时长", use),) if use else ()
        return Shot(app="会员中心", tone="blue", headline="我的会员", rows=(*rows, *used, *more))

    def product_page(self) -> Shot:
        """详情页截图: what the shop promised."""
        good = GOODS[self.sale.good]
        rows = (
            ("商品名称", good.title), ("售价", f"¥{Money(good.price_minor, 'CNY').major()}"), ("服务时长", "30天"),
            ("每月高速流量", "50G"), ("发货方式", "自动发货"), ("库存", "充足"), ("服务承诺", "未到账全额退款"),
        )  # fmt: skip
        return Shot(app="商品详情", tone="green", headline="立即购买", rows=rows)


def balance(account: str, left: str) -> Shot:
    """未到账截图: a game's bag that has not grown."""
    return Shot(
        app="英雄 · 我的背包",
        tone="blue",
        headline="点券余额",
        big=left,
        rows=(("账号", account), ("最近入账", "无记录"), ("查询时间", "刚刚")),
    )


def usage(used: str) -> Shot:
    """使用时长证明 of a service that has no page of its own."""
    return Shot(
        app="服务进度", tone="blue", headline="已使用", big=used, rows=(("服务状态", "使用中"), ("自动续费", "未开通"))
    )


QUALITY = Shot(
    app="流声音乐", tone="grey", headline="当前音质", big="标准",
    rows=(("购买时承诺", "无损音质"), ("实际", "标准 128 kbps"), ("网络", "Wi-Fi")),
)  # fmt: skip
SPEED = Shot(
    app="云舟网盘", tone="grey", headline="下载速度", big="103 KB/s",
    rows=(("购买时承诺", "下载不限速"), ("会员状态", "超级会员"), ("宽带", "500 Mbps")),
)  # fmt: skip
COACH = Shot(
    app="陪练记录", tone="grey", headline="承诺与实际", big="金牌 / 白银",
    rows=(("购买时承诺", "金牌陪练"), ("实际段位", "白银 II"), ("本次时长", "58 分钟")),
)  # fmt: skip
RAID = Shot(
    app="副本进度", tone="grey", headline="已完成", big="5 / 12",
    rows=(("约定完成", "14 天内 12 次"), ("已过天数", "15 天"), ("录屏交付", "2 段")),
)  # fmt: skip
LICENCE = Shot(
    app="简文办公 · 激活", tone="red", headline="激活失败", big="密钥无效",
    rows=(("错误代码", "0x4004"), ("设备", "本机未激活")),
)  # fmt: skip
ACCOUNTS = Shot(
    app="账号对比", tone="red", headline="充值账号不一致", big="66102 ≠ 66120",
    rows=(("订单备注", "sea_66102"), ("实际充入", "sea_66120")),
)  # fmt: skip
DIFFERENT = Shot(
    app="卡密详情", tone="red", headline="实际面值", big="¥50",
    rows=(("页面标注", "¥100"), ("收到卡密", "¥50 面值")),
)  # fmt: skip
NO_TV = Shot(
    app="橙光视频 · 电视端", tone="red", headline="当前会员不支持电视端", big="请升级",
    rows=(("购买页面", "含电视端"), ("实际", "仅手机和电脑")),
)  # fmt: skip
IDENTITY_CARD = Shot(
    app="中华人民共和国 居民身份证", tone="grey", headline="样张", big="",
    rows=(
        ("姓名", "林小满"), ("性别", "女"), ("民族", "汉"), ("出生", "1998年2月30日"), ("住址", "某市某区某路 1 号"),
        ("公民身份号码", "110101199802300000"),
    ),
)  # fmt: skip
"""Nobody's: there was no such day, and the number's last digit is wrong."""


def kamen_shots(now: datetime) -> Shots:
    """Every picture that 卡门's scenes show; `scenes` hands them in at the same ages."""

    def order(no: str) -> Order:
        return Order(sale=SALES[no], now=now)

    def shown(age: timedelta, **shots: Shot) -> Mapping[str, Shot]:
        return _taken(now - age, shots)

    theirs = {"paid_shot": order("20683008").bill(), "not_arrived_shot": balance("hero_nan", "320 点券")}
    first_shown = _taken(now - 3 * DAY - 20 * HOUR, theirs)
    more = order("20685004").bill(minor=248_00)
    return {
        "20683012": shown(
            5 * DAY, opening_record=order("20683012").membership("豪华会员", days=92),
            usage_time=order("20683012").membership("豪华会员", days=92, use="7 天"), promise_compare=QUALITY,
            paid_shot=order("20683012").bill(),
        ),
        "20683008": first_shown,
        "20683009": shown(
            2 * DAY + 6 * HOUR, usage_time=order("20683009").membership("超级会员", days=30, use="3 天"),
            promise_compare=SPEED, paid_shot=order("20683009").bill(),
        ),
        "20681007": shown(26 * HOUR, paid_shot=order("20681007").bill()),
        "20682004": shown(2 * DAY, platform_check=LICENCE),
        "20683004": shown(20 * HOUR, paid_shot=order("20683004").bill()),
        "20681006": shown(
            9 * HOUR, opening_record=order("20681006").membership("超级会员", days=30),
            usage_time=order("20681006").membership("超级会员", days=30, use="6 天"),
        ),
        "20682003": shown(2 * DAY, promise_compare=COACH),
        "20683007": shown(
            5 * HOUR, paid_shot=replace(order("20683007").bill(), is_blurred=True), account_compare=ACCOUNTS
        ),
        "20683003": shown(
            3 * HOUR, usage_time=usage("5 次 / 12 次"), promise_compare=RAID, paid_shot=order("20683003").bill()
        ),
        "20683001": shown(
            35 * MINUTE, not_arrived_shot=balance("hero_aking", "96 点券"), paid_shot=order("20683001").bill()
        ),
        "20683006": shown(4 * HOUR, usage_time=usage("2 小时 / 10 小时"), promise_compare=COACH),
        "20685001": shown(
            7 * HOUR, paid_shot=order("20685001").bill(minor=6_480_00), not_arrived_shot=balance("hero_rain", "12 点券")
        ),
        "20685002": shown(
            25 * HOUR, paid_shot=order("20685002").foreign_bill(), not_arrived_shot=balance("hero_bei", "0 点券")
        ),
        "20685003": {"paid_shot": first_shown["paid_shot"]},
        "20685004": shown(22 * HOUR, paid_shot=more),
        "20685005": shown(
            6 * HOUR, detail_page=order("20685005").product_page(),
            difference=order("20685005").membership("流量会员", days=7, more=(("服务时长", "7天"), ("每月高速流量", "20G"))),
            paid_shot=order("20685005").bill(),
        ),
    }  # fmt: skip


def xingka_shots(now: datetime) -> Shots:
    """Every picture that 星卡's scenes show."""
    return {
        "30681004": _taken(now - 2 * DAY, {"difference": DIFFERENT}),
        "30681002": _taken(now - 2 * HOUR, {"difference": NO_TV}),
    }


def own_shots(now: datetime) -> Mapping[str, Shot]:
    """By file name: what 林小满 has on her telephone for KM20681001, honest and otherwise, to be handed in by whoever plays."""
    order = Order(sale=SALES[OWN_ORDER], now=now)
    return _taken(
        now,
        {
            "1-honest-bill": order.bill(),
            "2-amount-changed": order.bill(minor=6_480_00),
            "3-blurred": replace(order.bill(), is_blurred=True),
            "4-foreign-payment": order.foreign_bill(),
            "5-not-arrived": balance("xiaoman_0520", "12 点券"),
            "6-identity-card": IDENTITY_CARD,
        },
    )


def _taken(at: datetime, shots: Mapping[str, Shot]) -> dict[str, Shot]:
    """The same with the telephone's clock a little before `at`."""
    clock = f"{(at - SHOT_BEFORE).astimezone(SHANGHAI):%H:%M}"
    return {slot: replace(shot, clock=clock) for slot, shot in shots.items()}
