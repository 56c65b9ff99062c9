"""What became of a payment or an order, and which states can be true one after the other. Pure.

A page shows a moment, a record what is known now: between the two things go on. So a page contradicts a record only
when nothing that could have happened meanwhile leads from one to the other, and only when the record is the rail's own:
a shop that missed a callback says "unpaid" of an order that was paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from huiliu.evidence.inspection.model import CheckVerdict, StatusCode
from huiliu.evidence.reading.layout import Layouts, load_layouts
from huiliu.evidence.reading.status import status_code

RAIL = "rail"

_RAIL_WORDS: Mapping[str, StatusCode] = MappingProxyType(
    {
        "success": StatusCode.PAID,
        "trade_success": StatusCode.PAID,
        "trade_finished": StatusCode.PAID,
        "wait_buyer_pay": StatusCode.PENDING,
        "notpay": StatusCode.PENDING,
        "userpaying": StatusCode.PENDING,
        "accept": StatusCode.PENDING,
        "payerror": StatusCode.FAILED,
        "refund": StatusCode.REFUNDED,
        "revoked": StatusCode.CLOSED,
    }
)
"""What Alipay (trade_status) and WeChat Pay (trade_state) answer. Alipay's TRADE_CLOSED is left out: it stands for a
trade that was never paid and for one that was wholly refunded."""

_SAME_STORY: Mapping[StatusCode, frozenset[StatusCode]] = MappingProxyType(
    {
        StatusCode.PAID: frozenset({StatusCode.REFUNDED, StatusCode.DELIVERED, StatusCode.NOT_DELIVERED}),
        StatusCode.DELIVERED: frozenset({StatusCode.PAID}),
        StatusCode.NOT_DELIVERED: frozenset({StatusCode.PAID}),
        StatusCode.CLOSED: frozenset({StatusCode.REFUNDED}),  # what Alipay's bill calls a wholly refunded trade
        StatusCode.FAILED: frozenset({StatusCode.CLOSED}),
    }
)
"""Page -> records that bear it out although they use another word: a bill later refunded had been paid."""

_MONEY_MOVED = frozenset({StatusCode.PAID, StatusCode.REFUNDED, StatusCode.DELIVERED})
_NEVER_PAID = frozenset({StatusCode.PENDING, StatusCode.FAILED, StatusCode.CLOSED})


def recorded_status(words: str, *, page: str) -> StatusCode:
    """The state that a record means by its code, a rail's word, or the words that a page of this kind prints."""
    rails = _RAIL_WORDS.get(words.strip().casefold())
    return rails if rails is not None else status_code(words, layout=_layouts().get(page))


def compare_status(printed: StatusCode, recorded: StatusCode, *, source: str) -> tuple[CheckVerdict, str]:
    """Verdict and note for a page's status beside a record's."""
    if StatusCode.UNKNOWN in (printed, recorded):
        return CheckVerdict.UNKNOWN, "status_words"
    if printed is recorded or recorded in _SAME_STORY.get(printed, frozenset()):
        return CheckVerdict.AGREES, ""
    if source == RAIL and printed in _MONEY_MOVED and recorded in _NEVER_PAID:
        return CheckVerdict.CONTRADICTS, ""
    return CheckVerdict.UNKNOWN, "may_change"


@cache
def _layouts() -> Layouts:
    return load_layouts()
