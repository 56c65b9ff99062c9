"""The screenshots that the scenes need."""

from __future__ import annotations

from huiliu.demo.pictures import Shot


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
    """使用时长证明."""
    return Shot(
        app="会员中心",
        tone="blue",
        headline="已使用",
        big=used,
        rows=(("服务状态", "使用中"), ("自动续费", "未开通")),
        clock="20:14",
    )


QUALITY = Shot(
    app="流声音乐", tone="grey", headline="当前音质", big="标准",
    rows=(("购买时承诺", "无损音质"), ("实际", "标准 128 kbps"), ("网络", "Wi-Fi")), clock="21:40",
)  # fmt: skip
SPEED = Shot(
    app="云舟网盘", tone="grey", headline="下载速度", big="103 KB/s",
    rows=(("购买时承诺", "下载不限速"), ("会员状态", "超级会员"), ("宽带", "500 Mbps")), clock="21:08",
)  # fmt: skip
COACH = Shot(
    app="陪练记录", tone="grey", headline="承诺与实际", big="金牌 / 白银",
    rows=(("购买时承诺", "金牌陪练"), ("实际段位", "白银 II"), ("本次时长", "58 分钟")), clock="22:31",
)  # fmt: skip
RAID = Shot(
    app="副本进度", tone="grey", headline="已完成", big="5 / 12",
    rows=(("约定完成", "14 天内 12 次"), ("已过天数", "15 天"), ("录屏交付", "2 段")), clock="19:02",
)  # fmt: skip
LICENCE = Shot(
    app="简文办公 · 激活", tone="red", headline="激活失败", big="密钥无效",
    rows=(("错误代码", "0x4004"), ("设备", "本机未激活")), clock="10:12",
)  # fmt: skip
ACCOUNTS = Shot(
    app="账号对比", tone="red", headline="充值账号不一致", big="66102 ≠ 66120",
    rows=(("订单备注", "sea_66102"), ("实际充入", "sea_66120")), clock="09:47",
)  # fmt: skip
DIFFERENT = Shot(
    app="卡密详情", tone="red", headline="实际面值", big="¥50",
    rows=(("页面标注", "¥100"), ("收到卡密", "¥50 面值")), clock="16:20",
)  # fmt: skip
NO_TV = Shot(
    app="橙光视频 · 电视端", tone="red", headline="当前会员不支持电视端", big="请升级",
    rows=(("购买页面", "含电视端"), ("实际", "仅手机和电脑")), clock="20:55",
)  # fmt: skip

KAMEN_SHOTS = (
    *(balance(account, left) for account, left in (("hero_nan", "320 点券"), ("hero_aking", "96 点券"))),
    *(usage(used) for used in ("7 天 / 92 天", "3 天 / 30 天", "6 天 / 30 天", "5 次 / 12 次", "2 小时 / 10 小时")),
    QUALITY,
    SPEED,
    COACH,
    RAID,
    LICENCE,
    ACCOUNTS,
)
XINGKA_SHOTS = (DIFFERENT, NO_TV)
"""Every picture that a platform's scenes show; they go through the gate before any scene is played."""
