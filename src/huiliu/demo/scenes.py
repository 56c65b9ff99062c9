"""Claims in every state, each played through the real actions. One function is one claim's story so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from huiliu.claims.model import Decision, DecisionKind, Reason, RejectReason
from huiliu.demo.cast import CROWD, FIVE, XIAOMAN, ZHOUMO
from huiliu.demo.sales import HOUR, MINUTE
from huiliu.demo.theatre import Scene, Theatre

Story = Callable[[Theatre], Awaitable[None]]


def approve(clause: str, words: str = "") -> Decision:
    """All that was asked for."""
    return Decision(kind=DecisionKind.APPROVE, clause=clause, words=words)


def part(minor: int, clause: str, words: str) -> Decision:
    """Less than was asked for."""
    return Decision(kind=DecisionKind.PART, amount_minor=minor, clause=clause, words=words)


def reject(reason: RejectReason, clause: str, words: str, *missing: str) -> Decision:
    """No, with what would turn it."""
    return Decision(kind=DecisionKind.REJECT, reason=reason, clause=clause, words=words, missing=missing)


def scene(on: Theatre, no: str, contact: str) -> Scene:
    """A scene about one order."""
    return Scene(theatre=on, viewer=on.buyer(contact), order_no=f"{on.prefix}{no}")


# ------------------------------------------------------------------------------------------------ long over


async def part_refund_by_use(on: Theatre) -> None:
    """The season of music that sounded worse than promised: refunded for the days that were left."""
    at = on.ago(days=5)
    it = scene(on, "20683012", CROWD[11])
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "说是无损音质，实际播放一直是标准音质，客服说修了三天没修好。")
    await it.take(at + 5 * HOUR, "xiaogu")
    await it.decide(at + 6 * HOUR, "heshen", approve("F3", "已核对使用天数，按未使用的天数退款。"))
    await it.pay(at + 6 * HOUR)


async def refund_by_two(on: Theatre) -> None:
    """A large top-up that never came: approved by one, confirmed by another."""
    at = on.ago(days=3, hours=20)
    it = scene(on, "20683008", CROWD[7])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 3 * MINUTE, "6480 点券一直没到，游戏里余额没有变化。")
    await it.take(at + 2 * HOUR, "heshen")
    await it.decide(at + 3 * HOUR, "heshen", approve("F1", "核实未到账，全额原路退回。"))
    await it.confirm(at + 4 * HOUR, "shenfu")
    await it.pay(at + 4 * HOUR)


async def refund_after_applying_again(on: Theatre) -> None:
    """林小满's card: rejected for a missing declaration, applied again with just that, refunded."""
    at = on.ago(days=3)
    it = scene(on, "20681009", XIAOMAN)
    await it.begin(at, Reason.CHANGED_MIND)
    await it.file(at + MINUTE, "买错面值了，卡密没有刮开也没有兑换。")
    words = "还差一份未使用声明。签好以后直接再次申请，其余材料不用重新提交。"
    await it.decide(at + 5 * HOUR, "heshen", reject(RejectReason.EVIDENCE_MISSING, "F6", words, "unused_declaration"))
    await it.sign(at + 8 * HOUR, name="林小满", product="英雄点券 面值 100 元 卡密")
    await it.file(at + 8 * HOUR + MINUTE, "买错面值了，卡密没有刮开也没有兑换。已补签声明。")
    await it.decide(at + 22 * HOUR, "shenfu", approve("F6", "已核对卡密未兑换，同意退款。"))
    await it.pay(at + 22 * HOUR)


async def at_once_by_policy(on: Theatre) -> None:
    """The telephone number that had moved to another carrier: our own records show it, so nobody had to decide."""
    at = on.ago(minutes=70)
    it = scene(on, "20682002", ZHOUMO)
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.file(at + MINUTE, "话费没到，号码刚换过运营商。")
    await it.pay(at + MINUTE)


async def money_that_came_back(on: Theatre) -> None:
    """Refunded, and bounced a day later: the account had been closed. Back with the reviewers."""
    at = on.ago(days=2, hours=6)
    it = scene(on, "20683009", CROWD[8])
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "下载限速 100KB，根本不是超级会员的速度。")
    await it.decide(at + 8 * HOUR, "shenfu", approve("F3", "按未使用的天数退款。"))
    await it.pay(at + 8 * HOUR)
    await it.bounce(at + 32 * HOUR)


async def declined_by_the_rail(on: Theatre) -> None:
    """Approved, but the rail said no: the claim is with the reviewers again, and nothing was lost."""
    at = on.ago(days=1, hours=4)
    it = scene(on, "20683010", CROWD[9])
    await it.begin(at, Reason.CHANGED_MIND)
    await it.sign(at + MINUTE, name="阿木", product="英雄点券 面值 100 元 卡密")
    await it.file(at + 2 * MINUTE, "重复购买了一张，未使用。")
    await it.decide(at + 6 * HOUR, "heshen", approve("F6", "已核对未使用，同意退款。"))
    await it.pay_in_vain(at + 6 * HOUR)


# ------------------------------------------------------------------------------------------------ rejected, taken back


async def rejected_and_may_apply_again(on: Theatre) -> None:
    """林小满's points: rejected yesterday for one missing picture."""
    at = on.ago(days=1, hours=2)
    it = scene(on, "20681007", XIAOMAN)
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "三天了点券还没有到账。")
    words = "请补一张游戏内点券余额的截图：要能看到账号、余额和当前时间。付款和时间的证明平台记录里已经有了，不用再交。"
    await it.decide(at + 4 * HOUR, "heshen", reject(RejectReason.EVIDENCE_MISSING, "F1", words, "not_arrived_shot"))


async def rejected_as_used(on: Theatre) -> None:
    """All points were used, and the shop's log proves it."""
    at = on.ago(days=1, hours=8)
    it = scene(on, "20683005", CROWD[4])
    await it.begin(at, Reason.CHANGED_MIND)
    await it.file(at + MINUTE, "不想要了，退了吧。")
    words = (
        "发货系统的消耗记录显示 1000 点券已全部使用（记录号 USE-20683005）。如对记录有异议，可在 7 天内申请平台介入。"
    )
    await it.decide(at + 3 * HOUR, "shenfu", reject(RejectReason.ALREADY_USED, "F8", words))


async def called_in(on: Theatre) -> None:
    """周末's licence: rejected as used, disputed, now with the arbitrator."""
    at = on.ago(days=2)
    it = scene(on, "20682004", ZHOUMO)
    await it.begin(at, Reason.CHANGED_MIND)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "激活页面一直提示密钥无效，我没有激活成功过。")
    words = "激活服务器记录显示该密钥已激活。"
    await it.decide(at + 6 * HOUR, "heshen", reject(RejectReason.ALREADY_USED, "F8", words))
    await it.escalate(at + 20 * HOUR, "激活的不是我的电脑，请平台核对激活设备和地区。")


async def taken_back(on: Theatre) -> None:
    """The top-up came after all."""
    at = on.ago(hours=20)
    it = scene(on, "20683004", CROWD[3])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "会员没有到账。")
    await it.withdraw(at + 40 * MINUTE)


# ------------------------------------------------------------------------------------------------ under way


async def waits_for_the_buyer(on: Theatre) -> None:
    """林小满's network disk: one more picture was asked for three hours ago."""
    at = on.ago(hours=9)
    it = scene(on, "20681006", XIAOMAN)
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + 2 * MINUTE)
    await it.file(at + 3 * MINUTE, "承诺下载不限速，实际每天晚上只有几百 KB。")
    await it.take(at + 5 * HOUR, "xiaogu")
    words = "请补一张限速时的下载界面截图，画面里要能看到下载速度和当时的时间。"
    await it.ask_buyer(at + 6 * HOUR, "xiaogu", words, "promise_compare")


async def waits_for_the_shop(on: Theatre) -> None:
    """周末 disputes the log of the coaching hours: the shop has 48 hours to show it, and six are left."""
    at = on.ago(hours=48)
    it = scene(on, "20682003", ZHOUMO)
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "说好金牌陪练，来的人水平还不如我；而且只打了 2 小时，系统记成 3 小时。")
    await it.take(at + 3 * HOUR, "heshen")
    await it.ask_platform(at + 6 * HOUR, "heshen", "请提供三次陪练的起止时间和录屏编号。")


async def waits_for_a_second_person(on: Theatre) -> None:
    """A gift card of nearly a thousand: approved by one reviewer, waiting for another."""
    at = on.ago(hours=8)
    it = scene(on, "20683002", CROWD[1])
    await it.begin(at, Reason.CHANGED_MIND)
    await it.sign(at + MINUTE, name="小禾", product="通用购物礼品卡 1000 元 卡密")
    await it.file(at + 2 * MINUTE, "公司福利重复采购，卡密未使用。")
    await it.take(at + 2 * HOUR, "heshen")
    await it.decide(at + 3 * HOUR, "heshen", approve("F6", "发卡系统显示未兑换，同意全额退款。"))


async def being_looked_at(on: Theatre) -> None:
    """A wrong account on a hand-made top-up."""
    at = on.ago(hours=5)
    it = scene(on, "20683007", CROWD[6])
    await it.begin(at, Reason.TOPUP_WRONG)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "订单里写的是 sea_66102，你们充到了 sea_66120。")
    await it.take(at + HOUR, "xiaogu")


async def large_and_new(on: Theatre) -> None:
    """Most of a dungeon series was never played; more than two thousand: a second person whatever the amount."""
    at = on.ago(hours=3)
    it = scene(on, "20683003", CROWD[2])
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "两周过去只打了 5 个副本，说好每个副本录屏也只给了两段。")


async def just_filed(on: Theatre) -> None:
    """A large top-up that has not come, filed half an hour ago with everything in place."""
    at = on.ago(minutes=35)
    it = scene(on, "20683001", CROWD[0])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "等了两个多小时，点券没有到。")


async def half_written(on: Theatre) -> None:
    """周末 has begun and not handed in."""
    it = scene(on, "20682005", ZHOUMO)
    await it.begin(on.ago(minutes=15), Reason.TOPUP_WRONG)


# ------------------------------------------------------------------------------------------------ evidence to look at


async def amount_changed(on: Theatre) -> None:
    """Ten times what was paid stands on the bill."""
    at = on.ago(hours=7)
    it = scene(on, "20685001", FIVE[0])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "付了款一直没到账，请按截图金额处理。")


async def foreign_payment(on: Theatre) -> None:
    """A bill with a trade number that the rail never paid to us."""
    at = on.ago(hours=25)
    it = scene(on, "20685002", FIVE[1])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "点券没有到，付款截图在这里。")


async def somebody_elses_bill(on: Theatre) -> None:
    """The very file that another buyer had handed in before."""
    at = on.ago(days=2, hours=1)
    it = scene(on, "20685003", FIVE[2])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "6480 点券没到，截图为证。")


async def paid_more_together(on: Theatre) -> None:
    """A bill of ten yuan more than the order: it looked forged and was not."""
    at = on.ago(hours=22)
    it = scene(on, "20685004", FIVE[3])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "代充没有完成。付款里包含 10 元加急费。")


async def less_than_promised(on: Theatre) -> None:
    """Thirty days and 50G were on the product's page; the membership's page says seven and 20G."""
    at = on.ago(hours=6)
    it = scene(on, "20685005", FIVE[4])
    await it.begin(at, Reason.NOT_AS_DESCRIBED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "页面写 30 天 50G，开出来是 7 天 20G。")


# ------------------------------------------------------------------------------------------------ about to be paid


async def paid_by_hand(on: Theatre) -> None:
    """A bank transfer: no programme speaks to that bank, so finance pays and says so."""
    at = on.ago(hours=4)
    it = scene(on, "20683006", CROWD[5])
    await it.begin(at, Reason.BELOW_STANDARD)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "约了三次都换人，最后两次没人来。")
    await it.decide(at + 3 * HOUR, "shenfu", approve("F3", "按未使用的 8 小时退款。"))


async def paid_when_the_worker_starts(on: Theatre) -> None:
    """The carrier's maintenance: approved by the policy a minute ago; the worker pays it as soon as it runs."""
    at = on.ago(minutes=2)
    it = scene(on, "20683011", CROWD[10])
    await it.begin(at, Reason.NOT_ARRIVED)
    await it.file(at + MINUTE, "充值失败，请退款。")


async def xingka_refund(on: Theatre) -> None:
    """星卡: a small claim that went well."""
    at = on.ago(days=2)
    it = scene(on, "30681004", ZHOUMO)
    await it.begin(at, Reason.NOT_AS_DESCRIBED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "页面写 100 元面值，收到的是 50 元面值。")
    await it.decide(at + 5 * HOUR, "heshen", approve("F4", "面值与页面不符，全额退款。"))
    await it.pay(at + 5 * HOUR)


async def xingka_new(on: Theatre) -> None:
    """星卡: one to look at."""
    at = on.ago(hours=2)
    it = scene(on, "30681002", CROWD[0])
    await it.begin(at, Reason.NOT_AS_DESCRIBED)
    await it.show(at + MINUTE)
    await it.file(at + 2 * MINUTE, "说明写了含电视端，电视上提示不支持。")


KAMEN_STORIES: tuple[Story, ...] = (
    part_refund_by_use,
    refund_by_two,
    refund_after_applying_again,
    money_that_came_back,
    declined_by_the_rail,
    at_once_by_policy,
    rejected_and_may_apply_again,
    rejected_as_used,
    called_in,
    taken_back,
    waits_for_the_buyer,
    waits_for_the_shop,
    waits_for_a_second_person,
    being_looked_at,
    large_and_new,
    just_filed,
    half_written,
    amount_changed,
    foreign_payment,
    somebody_elses_bill,
    paid_more_together,
    less_than_promised,
    # Their payouts are left to the worker, so nothing may be sent after them.
    paid_by_hand,
    paid_when_the_worker_starts,
)
XINGKA_STORIES: tuple[Story, ...] = (xingka_refund, xingka_new)
