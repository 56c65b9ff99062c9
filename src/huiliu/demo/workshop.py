"""卡门's policy in the making: one version waits for the arbitrator, another is half written and says so when checked."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from huiliu.demo.cast import GUANYAN
from huiliu.demo.theatre import Theatre
from huiliu.kit.ids import SHANGHAI
from huiliu.policy.drafts.actions import propose, save_draft, start_draft

PROPOSED = (
    ('版本: "3"\n', '版本: "4"\n'),
    ("  审核时限: 3个工作日\n", "  审核时限: 2个工作日\n"),
    ("  冷静期: 24小时\n", "  冷静期: 12小时\n"),
)
"""Buyers wait less: two working days of review, half a day of cooling off."""
HALF_WRITTEN = (
    ('版本: "3"\n', '版本: "5"\n'),
    ("下单时长: 1小时以内, 使用情况: 未使用}", "下单时长: 2小时以内, 使用情况: 未使用}   # 还差 F6 没有改到一致"),
    ("下单时长: 超过1小时, 使用情况: 未使用}", "下单时长: 超过3小时, 使用情况: 未使用}"),
)
"""Two hours instead of one, with a gap between F5 and F6 that the checks find."""
STARTS_IN_DAYS = 3


async def draft_policies(theatre: Theatre) -> None:
    """Both drafts, from the version in force."""
    author = theatre.staff[GUANYAN.login]
    tx = theatre.as_(author, theatre.tx.now)
    ready = await start_draft(tx, author, from_policy=theatre.policy.id)
    ready = await save_draft(tx, author, ready.id, version=ready.version, source=_changed(ready.source, PROPOSED))
    await propose(
        tx,
        author,
        ready.id,
        version=ready.version,
        effective_from=_midnight(tx.now),
        note="审核提速到两个工作日，冷静期减半，买家少等。退多少钱不变。",
    )
    begun = await start_draft(tx, author, from_policy=theatre.policy.id)
    await save_draft(tx, author, begun.id, version=begun.version, source=_changed(begun.source, HALF_WRITTEN))


def _changed(source: str, changes: tuple[tuple[str, str], ...]) -> str:
    for before, after in changes:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    return source


def _midnight(now: datetime) -> datetime:
    day = now.astimezone(SHANGHAI).date() + timedelta(days=STARTS_IN_DAYS)
    return datetime.combine(day, time(), SHANGHAI)
