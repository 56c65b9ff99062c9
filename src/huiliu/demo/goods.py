"""What the demonstration's shops sell. Every name is made up."""

from __future__ import annotations

from msgspec import Struct

from huiliu.orders.model import ProductKind

TOPUP, CARD, MEMBERSHIP, SERVICE = ProductKind.TOPUP, ProductKind.CARD, ProductKind.MEMBERSHIP, ProductKind.SERVICE


class Good(Struct, frozen=True, kw_only=True):
    """One product. `units` and `unit` are what its use is counted in."""

    title: str
    kind: ProductKind
    price_minor: int
    promise: str
    merchant: str
    units: int | None = None
    unit: str = ""


SPEED, VIP, CARDS, PLAY = "极速点券专营店", "会员充值中心", "正品卡密商行", "星辰游戏服务部"

GOODS: dict[str, Good] = {
    "coupon_1000": Good(
        title="英雄点券 1000 直充", kind=TOPUP, price_minor=100_00, merchant=SPEED,
        promise="下单后 10 分钟内到账；只充值到下单时填写的账号；未到账全额退款。", units=1000, unit="点券",
    ),
    "coupon_6480": Good(
        title="英雄点券 6480 直充", kind=TOPUP, price_minor=648_00, merchant=SPEED,
        promise="下单后 30 分钟内到账；大额订单分两笔充入；未到账全额退款。", units=6480, unit="点券",
    ),
    "diamond_2400": Good(
        title="星海钻石 2400 代充", kind=TOPUP, price_minor=238_00, merchant=SPEED,
        promise="人工代充，2 小时内完成；请勿在代充期间登录游戏。", units=2400, unit="钻石",
    ),
    "pass_season": Good(
        title="山海行纪 赛季通行证 代充服务", kind=TOPUP, price_minor=128_00, merchant=PLAY,
        promise="人工代充，当天完成；充入您在备注中写明的账号。",
    ),
    "phone_100": Good(
        title="话费充值 100 元 快充", kind=TOPUP, price_minor=98_50, merchant=SPEED,
        promise="三网通用，1 至 30 分钟到账；携号转网号码可能延迟。",
    ),
    "video_month": Good(
        title="橙光视频会员月卡 直充", kind=MEMBERSHIP, price_minor=19_80, merchant=VIP,
        promise="充值到手机号对应的账号，31 天，支持手机、平板、电脑。", units=31, unit="天",
    ),
    "video_year": Good(
        title="橙光视频会员年卡（含电视端）", kind=MEMBERSHIP, price_minor=168_00, merchant=VIP,
        promise="365 天，手机、电脑、电视三端通用，最多两台设备同时观看。", units=365, unit="天",
    ),
    "music_season": Good(
        title="流声音乐豪华会员 季卡", kind=MEMBERSHIP, price_minor=38_00, merchant=VIP,
        promise="92 天，无损音质，离线下载不限量。", units=92, unit="天",
    ),
    "disk_month": Good(
        title="云舟网盘超级会员 30 天", kind=MEMBERSHIP, price_minor=30_00, merchant=VIP,
        promise="30 天，下载不限速，5T 空间；速度不达标可退。", units=30, unit="天",
    ),
    "flow_month": Good(
        title="畅行流量会员 30天 50G", kind=MEMBERSHIP, price_minor=25_00, merchant=VIP,
        promise="会员有效期 30天，每月高速流量 50G。", units=30, unit="天",
    ),
    "boost_month": Good(
        title="疾风加速器 30 天时长卡", kind=MEMBERSHIP, price_minor=45_00, merchant=VIP,
        promise="30 天，延迟不高于 60 毫秒；连续三天不达标可按剩余天数退款。", units=30, unit="天",
    ),
    "card_100": Good(
        title="英雄点券 面值 100 元 卡密", kind=CARD, price_minor=99_00, merchant=CARDS,
        promise="自动发货，卡密只显示给您一次；未使用可退。",
    ),
    "card_30": Good(
        title="星海钻石 面值 30 元 卡密", kind=CARD, price_minor=29_50, merchant=CARDS,
        promise="自动发货；未使用的卡密一小时内可退。",
    ),
    "licence_year": Good(
        title="简文办公套件 一年授权卡密", kind=CARD, price_minor=218_00, merchant=CARDS,
        promise="一机一码，激活后 365 天；激活前可退。", units=365, unit="天",
    ),
    "gift_1000": Good(
        title="通用购物礼品卡 1000 元 卡密", kind=CARD, price_minor=985_00, merchant=CARDS,
        promise="自动发货，全国门店通用，三年有效；未使用可退。",
    ),
    "rank_up": Good(
        title="英雄段位代练 铂金到钻石", kind=SERVICE, price_minor=320_00, merchant=PLAY,
        promise="5 天内完成；每天 20 点前反馈进度；未达段位按未完成部分退款。", units=10, unit="小段",
    ),
    "hours_10": Good(
        title="星海陪练 10 小时", kind=SERVICE, price_minor=450_00, merchant=PLAY,
        promise="金牌陪练，可预约时间；水平不符可换人或退剩余时长。", units=10, unit="小时",
    ),
    "guild": Good(
        title="山海行纪 公会副本代打 全套", kind=SERVICE, price_minor=2_180_00, merchant=PLAY,
        promise="两周内完成 12 个副本；每个副本通关后录屏交付。", units=12, unit="次",
    ),
}  # fmt: skip
