"""The articles that policies are checked against, with the days on which each is in force.

Only what a check uses, as data. The words (`law.article.<code>`) give the statute's full name and the article; the guide
(docs/guides/policy-law.md) says where each was read. A law that changes is a new row and an end for the old one: a policy is
judged by what was in force on its own day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from huiliu.kit.ids import SHANGHAI
from huiliu.policy.model import Policy

FUTURE = date.max
"""The day a draft without one is judged by: whatever is in force and not yet replaced."""


class Article(msgspec.Struct, frozen=True):
    """One article of one statute. In force from `valid_from`, and until the day before `valid_until`."""

    code: str
    valid_from: date
    valid_until: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether it binds on that day."""
        return self.valid_from <= on and (self.valid_until is None or on < self.valid_until)


_CONSUMER_LAW = date(2014, 3, 15)
_PENALTY_MEASURES = date(2015, 3, 15)
_REGULATION = date(2024, 7, 1)

ARTICLES: Mapping[str, Article] = MappingProxyType(
    {
        article.code: article
        for article in (
            # 消费者权益保护法, as amended in 2013.
            Article("consumer_law_25", _CONSUMER_LAW),
            Article("consumer_law_26", _CONSUMER_LAW),
            Article("consumer_law_53", _CONSUMER_LAW),
            # 侵害消费者权益行为处罚办法.
            Article("penalty_8", _PENALTY_MEASURES),
            Article("penalty_9", _PENALTY_MEASURES),
            Article("penalty_10", _PENALTY_MEASURES),
            Article("penalty_12", _PENALTY_MEASURES),
            # 电子商务法.
            Article("commerce_law_31", date(2019, 1, 1)),
            # 网络交易监督管理办法.
            Article("online_trade_21", date(2021, 5, 1)),
            # 消费者权益保护法实施条例.
            Article("regulation_18", _REGULATION),
            Article("regulation_19", _REGULATION),
            # How 12315 handles complaints: the new measures took the place of the interim ones on one day.
            Article("complaints_2020", date(2020, 1, 1), date(2026, 4, 15)),
            Article("complaints_2026", date(2026, 4, 15)),
        )
    }
)


def in_force(code: str, on: date) -> bool:
    """Whether an article binds on a day."""
    return ARTICLES[code].in_force(on)


def first_in_force(codes: tuple[str, ...], on: date) -> str:
    """The first of several articles that binds on a day, or ''. Name the most particular one first."""
    return next((code for code in codes if in_force(code, on)), "")


def day_of(policy: Policy, on: date | None = None) -> date:
    """The day whose law a policy is judged by: `on`, else the day it takes effect (Shanghai), else FUTURE.

    Nothing here reads a clock: a draft without a day can only take effect later, so it meets the newest law there is.
    """
    if on is not None:
        return on
    return FUTURE if policy.effective_from is None else policy.effective_from.astimezone(SHANGHAI).date()
