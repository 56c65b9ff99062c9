"""The pages themselves, with the labels of the real apps in their order and in their versions' wordings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from huiliu.bench.evidence import words
from huiliu.bench.evidence.devices import Device
from huiliu.bench.evidence.page_parts import logo, marked, rows, thumb, top
from huiliu.bench.evidence.receipts import Receipt, dice
from huiliu.bench.evidence.truth import PageKind
from huiliu.evidence.inspection.model import FieldName

SECONDS, MINUTES = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"
CHINESE_SECONDS = "%Y年%m月%d日 %H:%M:%S"


def page(made: Receipt, device: Device) -> str:
    """The HTML of the page's body."""
    return _PAGES[made.kind](made, device)


def _alipay_bill(made: Receipt, device: Device) -> str:
    look = made.look
    paid_label = ("支付时间", "付款时间", "支付时间")[look.variant % 3]
    pairs = [
        ("创建时间", marked(FieldName.ORDERED_AT, made.ordered_at.strftime(SECONDS), iso(made.ordered_at))),
        (paid_label, marked(FieldName.PAID_AT, made.paid_at.strftime(SECONDS), iso(made.paid_at))),
        ("付款方式", made.method),
        ("商品说明", marked(FieldName.PRODUCT, made.product)),
        (("收款方全称", "收款方", "商家全称")[look.variant // 3 % 3], marked(FieldName.PAYEE, made.company)),
        ("收单机构", made.acquirer),
        ("清算机构", "网联清算有限公司"),
        ("订单号", marked(FieldName.TRADE_NO, made.trade_no)),
        ("商家订单号", marked(FieldName.ORDER_NO, made.order_no)),
    ]
    if look.extras < 2:
        pairs = [pair for pair in pairs if pair[0] != "清算机构"]
    if look.extras % 2:
        pairs = [pair for pair in pairs if pair[0] != "收单机构"]
    if look.variant // 9 % 3 == 0:
        pairs = pairs[1:]  # older versions show one time only
    sign = ("-", "-", "-", "")[look.variant // 27 % 4]
    return (
        top(device, made, title="账单详情", more=("全部账单", "···")[look.variant // 2 % 2])
        + f'<div class="card"><div class="head">{logo(made)}<div class="shop">{made.shop}</div><div class="big">'
        + f"{marked(FieldName.AMOUNT, sign + made.amount, made.amount)}</div>"
        + f'<div class="state">{marked(FieldName.STATUS, made.status_text, made.status)}</div></div></div>'
        + rows(pairs, look=look)
        + rows((("账单分类", ("充值缴费", "日用百货", "文化休闲")[look.variant % 3]), ("标签", "添加")), look=look)
        + '<div class="foot">对此订单有疑问 · 申请电子回单</div>'
    )


def _wechat_bill(made: Receipt, device: Device) -> str:
    look = made.look
    form = (CHINESE_SECONDS, SECONDS)[look.variant % 2]
    pairs = [
        ("当前状态", marked(FieldName.STATUS, made.status_text, made.status)),
        (
            ("支付时间", "付款时间")[look.variant // 8 % 4 == 0],
            marked(FieldName.PAID_AT, unpadded(made.paid_at, form), iso(made.paid_at)),
        ),
        ("商品", marked(FieldName.PRODUCT, made.product)),
        ("商户全称", marked(FieldName.PAYEE, made.company)),
        ("收单机构", made.acquirer),
        ("支付方式", made.method),
        ("交易单号", marked(FieldName.TRADE_NO, made.trade_no)),
        (("商户单号", "商家单号")[look.variant // 16 % 5 == 0], marked(FieldName.ORDER_NO, made.order_no)),
    ]
    if look.extras == 0:
        pairs = [pair for pair in pairs if pair[0] != "收单机构"]
    sign = ("-", "-¥", "-", "")[look.variant // 4 % 4]
    return (
        top(
            device,
            made,
            title=("账单详情", "交易详情", "账单详情")[look.variant // 32 % 3],
            more="全部账单" if look.extras > 1 else "",
        )
        + f'<div class="card"><div class="head">{logo(made)}<div class="shop">{made.shop}</div><div class="big">'
        + f"{marked(FieldName.AMOUNT, sign + made.amount, made.amount)}</div></div>"
        + '<div class="line"></div></div>'
        + rows(pairs, look=look)
        + '<div class="card"><div class="h">账单服务</div><div class="row soft">对订单有疑惑　　发起群收款　　联系商家</div></div>'
    )


def _platform_order(made: Receipt, device: Device) -> str:
    look = made.look
    form = MINUTES if look.variant % 5 == 0 else SECONDS
    status = marked(FieldName.STATUS, made.status_text, made.status)
    in_banner = look.variant // 2 % 2 == 0
    yuan = ("¥", "￥", "")[look.variant // 3 % 3]
    unit = "元" if yuan == "" else ""
    paid = f"{yuan}{marked(FieldName.AMOUNT, made.amount)}{unit}"
    pairs = [
        (("订单编号", "订单号")[look.variant // 4 % 3 == 0], marked(FieldName.ORDER_NO, made.order_no)),
        ("下单时间", marked(FieldName.ORDERED_AT, made.ordered_at.strftime(form), iso(made.ordered_at, form))),
        (
            ("支付时间", "付款时间")[look.variant // 6 % 3 == 0],
            marked(FieldName.PAID_AT, made.paid_at.strftime(form), iso(made.paid_at, form)),
        ),
        (("充值账号", "充值账号", "充值号码")[look.variant // 7 % 3], marked(FieldName.ACCOUNT, made.account)),
        ("数量", str(made.quantity)),
        (("实付金额", "实付款", "支付金额")[look.variant // 5 % 3], f'<span class="red">{paid}</span>'),
    ]
    if not in_banner:
        pairs.insert(1, ("订单状态", status))
    name = marked(FieldName.PRODUCT, made.product)
    if look.extras < 2:
        pairs.insert(2, ("商品名称", name))
    tone = dice(made.look.variant, "tone").choice(("#1677ff", "#ff6a3d", "#07a35a", "#6a5acd"))
    banner = (
        f'<div class="banner" style="background:{tone}">{status}<p>如有问题请联系客服处理</p></div>'
        if in_banner
        else ""
    )
    goods = f'<div class="card"><div class="goods">{thumb(made)}<div>{name}<div class="soft">{made.shop}</div></div></div></div>'
    return (
        top(device, made, title=("订单详情", "订单信息", "我的订单")[look.variant % 3])
        + banner
        + (goods if look.extras >= 2 else "")
        + rows(pairs, look=look)
        + '<div class="buttons"><span class="button">联系客服</span><span class="button">申请售后</span></div>'
    )


def _membership(made: Receipt, device: Device) -> str:
    look = made.look
    form = ("%Y-%m-%d", "%Y年%m月%d日", SECONDS, "%Y.%m.%d")[look.variant % 4]
    until = made.expires_at.isoformat() if form == SECONDS else made.expires_at.date().isoformat()
    expires = marked(FieldName.EXPIRES_AT, made.expires_at.strftime(form), until)
    level = marked(FieldName.LEVEL, made.level)
    account = marked(FieldName.ACCOUNT, made.account)
    pairs = [
        (("会员等级", "当前等级")[look.variant // 4 % 2], level),
        (("到期时间", "有效期至", "到期日期")[look.variant // 8 % 3], expires),
        (("账号", "会员账号", "登录账号")[look.variant // 24 % 3], account),
        ("开通时间", made.opened_at.strftime(form)),
        (("会员状态", "状态")[look.variant // 72 % 2], marked(FieldName.STATUS, made.status_text, made.status)),
    ]
    if look.extras > 1:
        pairs.append(("成长值", str(dice(made.order_no).randrange(100, 9999))))
    return (
        top(device, made, title=("会员中心", "我的会员", "会员信息")[look.variant // 2 % 3])
        + f'<div class="vip"><div style="font-size:1.8rem;font-weight:600">{made.nick}</div><p>尊享 12 项会员权益</p></div>'
        + rows(pairs, look=look)
        + '<div class="card"><div class="h">会员权益</div><div class="row soft">专属客服　　生日礼包　　等级加速　　离线下载</div></div>'
        + '<div class="buttons" style="justify-content:center"><span class="button">立即续费</span></div>'
    )


def _product_page(made: Receipt, device: Device) -> str:
    rng = dice(made.order_no, "product")
    shown = f"{made.unit_minor // 100}.{made.unit_minor % 100:02d}"
    sections = (
        ("功能", rng.sample(words.FEATURES, 3)), ("时效", [rng.choice(words.PROMISES)]), ("服务承诺", rng.sample(words.SERVICES, 3)),
    )  # fmt: skip
    told = "".join(
        f'<div class="h">{name}</div>'
        + "".join(f'<div class="row"><div class="v">{at}. {text}</div></div>' for at, text in enumerate(lines, 1))
        for name, lines in sections
    )
    return (
        top(device, made, title=("商品详情", "商品详情", "宝贝详情")[made.look.variant % 3])
        + f'<div style="height:150px;background:{rng.choice(("#dfe9ff", "#ffe9df", "#e3f7ea"))};display:flex;align-items:center;'
        + f'justify-content:center">{thumb(made)}</div><div class="card"><div class="price">¥{marked(FieldName.AMOUNT, shown)}</div>'
        + f'<div class="h">{marked(FieldName.PRODUCT, made.product)}</div>'
        + f'<div class="soft">已售 {rng.randrange(100, 9999)}　{made.shop}</div></div>'
        + f'<div class="card">{told}</div>'
        + '<div class="buttons"><span class="button">加入购物车</span><span class="button">立即购买</span></div>'
    )


def _english(made: Receipt, device: Device) -> str:
    pairs = (
        ("Order number", made.order_no), ("Placed on", made.ordered_at.strftime("%b %d, %Y %H:%M")),
        ("Payment", f"Visa •••• {made.trade_no[-4:]}"), ("Total", f"${made.amount}"), ("Status", "Processing"),
    )  # fmt: skip
    return (
        top(device, made, title="Order details")
        + '<div class="card"><div class="h">Thank you for your purchase</div><div class="row soft">We will email you when your item'
        + " is on its way. Questions? Contact our support team.</div></div>"
        + rows(pairs, look=made.look)
    )


def _blank(made: Receipt, device: Device) -> str:
    return ""


_PAGES: dict[PageKind, Callable[[Receipt, Device], str]] = {
    PageKind.ALIPAY_BILL: _alipay_bill,
    PageKind.WECHAT_BILL: _wechat_bill,
    PageKind.PLATFORM_ORDER: _platform_order,
    PageKind.MEMBERSHIP: _membership,
    PageKind.PRODUCT_PAGE: _product_page,
    PageKind.ENGLISH: _english,
    PageKind.BLANK: _blank,
}


def iso(at: datetime, form: str = SECONDS) -> str:
    """The instant to the precision that is printed."""
    return at.isoformat(timespec="minutes" if form == MINUTES else "seconds")


def unpadded(at: datetime, form: str) -> str:
    """As printed; the Chinese form writes months and days without a leading zero."""
    if form != CHINESE_SECONDS:
        return at.strftime(form)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"
