"""The words that platforms use for columns and values, in Chinese and English, and the codes they stand for. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from huiliu.orders.model import DeliveryState, OrderState, Precision, ProductKind, Rail, UsageState
from huiliu.orders.search import fold

FIELDS: Mapping[str, str] = {
    "order_no": "订单号 订单编号 订单单号 平台订单号 单号|order number|order id|order",
    "merchant": "商户 商家 店铺 店铺名称 卖家|shop|seller",
    "contact": "联系方式 买家联系方式 手机号 手机号码 联系电话 买家手机 买家邮箱 邮箱|buyer contact|phone|email",
    "lookup_password": "查询密码 取卡密码 查单密码|query password",
    "rail": "支付方式 付款方式 支付渠道 支付通道|payment method|pay channel|channel",
    "rail_trade_no": "支付流水号 支付交易号 微信交易号 支付宝交易号 渠道流水号 交易号|trade no|transaction id|trade number",
    "rail_order_no": "商户订单号 商户单号 支付单号 支付订单号|out trade no|merchant order no",
    "payer_account": "付款账户 付款账号 支付账户 买家支付宝账号|payer",
    "currency": "币种 货币",
    "paid": "实付金额 实付 实收金额 支付金额 付款金额 订单金额 金额|amount paid|amount|total",
    "fee": "手续费 服务费 通道费|service fee",
    "state": "订单状态 付款状态 支付状态|order state|order status|payment status|status",
    "ordered_at": "下单时间 创建时间 订单时间|order time|created at|created",
    "ordered_precision": "下单时间精度",
    "paid_at": "支付时间 付款时间 交易时间|payment time|pay time",
    "paid_precision": "支付时间精度",
    "delivered_at": "到账时间 发货时间 充值时间 交付时间 完成时间|delivery time",
    "delivered_precision": "发货时间精度",
    "delivery_state": "发货状态 充值状态 到账状态 交付状态 处理状态|delivery status|delivery",
    "delivery_note": "发货备注 充值结果 失败原因 处理结果 备注|note|remark",
    "account": "实际充值账号 充值账号 充值帐号 充值账户 充值号码|recharge account|topup account",
    "description": "订单描述 订单说明 下单备注|order description",
    "line_no": "明细行号 行号 序号|line number|line",
    "title": "商品名称 商品标题 商品 产品名称|product|product name|item",
    "kind": "商品类型 商品种类 产品类型 类型|product type|type",
    "promise": "服务承诺 商品承诺 承诺 商品详情",
    "quantity": "数量 购买数量|qty",
    "line_paid": "明细金额 行金额 商品金额 小计|line amount|subtotal",
    "usage_state": "使用情况 使用状态|usage",
    "units_total": "总量 总次数 总天数",
    "units_used": "已用 已用量 已使用量 已用次数 已用天数",
    "unit": "单位 计量单位",
    "usage_source": "使用记录来源 数据来源",
    "usage_ref": "消耗记录 消耗记录号 使用记录号|usage record",
    "usage_at": "使用记录时间 核查时间|usage time",
}
"""Every field of a sheet and the headings known for it, best first: Chinese by blanks, then English behind bars."""

REQUIRED = ("order_no", "title", "kind", "rail", "paid", "ordered_at", "delivery_state")
"""What an order cannot do without: from a column or from a constant of the mapping."""

MONEY_FIELDS = frozenset({"paid", "fee", "line_paid"})
TIME_FIELDS = frozenset({"ordered_at", "paid_at", "delivered_at", "usage_at"})
IDENTIFIER_FIELDS = frozenset(
    {
        "order_no",
        "rail_trade_no",
        "rail_order_no",
        "contact",
        "lookup_password",
        "payer_account",
        "account",
        "usage_ref",
    }
)
INTEGER_FIELDS = frozenset({"line_no", "quantity", "units_total", "units_used"})
LINE_FIELDS = frozenset({"line_no", "title", "kind", "promise", "quantity", "line_paid"}) | {
    "usage_state", "units_total", "units_used", "unit", "usage_source", "usage_ref", "usage_at"
}  # fmt: skip
"""What may differ between the rows of one order; everything else must say the same or nothing."""

_PRECISIONS: Mapping[str, str] = {
    Precision.SECOND: "秒",
    Precision.MINUTE: "分 分钟",
    Precision.DAY: "天 日",
    Precision.NOT_AFTER: "不晚于",
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "kind": {
        ProductKind.TOPUP: "直充 代充 充值 话费 点券 top-up recharge",
        ProductKind.CARD: "卡密 点卡 卡券 兑换码 code giftcard",
        ProductKind.MEMBERSHIP: "会员 会员卡 订阅 subscription",
        ProductKind.SERVICE: "代练 服务 陪玩 boosting",
    },
    "delivery_state": {
        DeliveryState.PENDING: "待发货 未发货 等待发货 待充值 等待充值 未处理 待处理 pending waiting",
        DeliveryState.PROCESSING: "处理中 充值中 发货中 进行中 processing",
        DeliveryState.DELIVERED: "已发货 已完成 已到账 已交付 充值成功 发货成功 交易成功 成功 delivered success completed",
        DeliveryState.FAILED: "失败 充值失败 发货失败 交易失败 failed failure",
        DeliveryState.UNKNOWN: "未知 异常 可疑 充值异常 unknown",
    },
    "state": {
        OrderState.UNPAID: "未支付 待支付 待付款 未付款 unpaid",
        OrderState.PAID: "已支付 已付款 支付成功 已完成 交易成功 待发货 处理中 已发货",
        OrderState.CLOSED: "已关闭 已取消 交易关闭 closed cancelled canceled",
    },
    "rail": {
        Rail.WECHATPAY: "微信 微信支付 wechatpay wechat wxpay ",
        Rail.ALIPAY: "支付宝 alipay",
        Rail.EPAY: "易支付 码支付 epay",
        Rail.BALANCE: "余额 余额支付 账户余额 balance",
        Rail.BANK: "银行卡 网银 银行转账 云闪付 bank",
        Rail.SANDBOX: "沙箱 sandbox",
    },
    "usage_state": {
        UsageState.UNUSED: "未使用 未用 未激活 unused",
        UsageState.PART_USED: "部分使用 已部分使用 part_used partly",
        UsageState.USED: "已使用 已用完 已激活 used",
    },
    "currency": {
        "CNY": "人民币 元 rmb cny",
        "USD": "美元 usd",
        "HKD": "港币 港元 hkd",
        "EUR": "欧元 eur",
    },
    "ordered_precision": _PRECISIONS,
    "paid_precision": _PRECISIONS,
    "delivered_precision": _PRECISIONS,
}
"""The words known for each value of an enumerated field; the code itself is always one of them."""

_REASONS: Mapping[str, str] = {
    "topup_wrong": "充值错误 充错 充错号",
    "not_arrived": "充值未到账 未到账 没到账 不到账 未收到",
    "below_standard": "服务未达标 未达标",
    "not_as_described": "描述不符 与描述不符 货不对板",
    "changed_mind": "不想要了 不想要",
}
_ALSO_DELIVERY = {"未到账": ("failed", "pending"), "充值未到账": ("failed", "pending"), "没到账": ("failed", "pending")}
"""A buyer who types these means the order, whether or not a claim was made yet."""


def field_of_heading(heading: str) -> tuple[str, int] | None:
    """(field, rank) that a column's heading stands for, 0 being the best; blanks, case and remarks in brackets aside."""
    plain = _plain(heading)
    return _HEADINGS.get(plain) or _HEADINGS.get(plain.partition("(")[0])


def code_of(field: str, text: str) -> str | None:
    """The code that a word of an enumerated field stands for, or None."""
    return _CODES[field].get(_plain(text))


class Meaning(msgspec.Struct, frozen=True):
    """The codes that a search keyword stands for, beside its letters."""

    delivery: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def meaning(keyword: str) -> Meaning:
    """充值失败 is a delivery state, 未到账 a reason and two delivery states, 冰红茶 nothing but letters."""
    word = _plain(keyword)
    delivery = _CODES["delivery_state"].get(word)
    state = _CODES["state"].get(word)
    return Meaning(
        delivery=tuple(sorted({*([delivery] if delivery else []), *_ALSO_DELIVERY.get(word, ())})),
        states=(state,) if state else (),
        reasons=tuple(code for code, words in _REASONS.items() if word == code or word in words.split()),
    )


def _plain(text: str) -> str:
    return fold(text).translate(_IGNORED)


def _headings() -> dict[str, tuple[str, int]]:
    known: dict[str, tuple[str, int]] = {}
    for field, words in FIELDS.items():
        chinese, *english = words.split("|")
        for rank, heading in enumerate([field, *chinese.split(), *english]):
            assert _plain(heading) not in known, heading
            known[_plain(heading)] = (field, rank)
    return known


def _codes(values: Mapping[str, str]) -> dict[str, str]:
    return {_plain(word): str(code) for code, words in values.items() for word in [str(code), *words.split()]}


_IGNORED = str.maketrans("", "", " _*:")
_HEADINGS = _headings()
_CODES = {field: _codes(values) for field, values in VALUES.items()}
