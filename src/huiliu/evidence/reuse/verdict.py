"""What a shared key means: the same buyer applying again is nothing, another order's payment is a finding for a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from huiliu.evidence.reuse.keys import Key, KeyKind

MATCHES_MAX = 50
"""How many twins of one file are looked at; more says nothing new."""
REUSES_MAX = 10
NEAR_BITS_MAX = 31
"""PDQ's published distance for the same photograph. Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019. For photos and frames alone: two receipts of one template are as near."""

_STRENGTH = (
    KeyKind.TRADE_NO,
    KeyKind.ORIGINAL,
    KeyKind.SHOWN,
    KeyKind.ORDER_NO,
    KeyKind.PAYMENT,
    KeyKind.NEAR,
)

_PICTURES = frozenset({KeyKind.ORIGINAL, KeyKind.SHOWN, KeyKind.NEAR})


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Another file of the platform with the same key, and whose it is."""

    kind: KeyKind
    claim_id: UUID
    claim_no: str
    order_no: str
    buyer: str
    """Whatever tells one buyer from another: the claim's contact hash in hex."""
    added_at: datetime
    is_own: bool = False
    """The records of that claim's own order say the number is theirs."""
    trade_no: bytes | None = None
    """The digest of that file's own trade number, if it has one: two different payments are not one."""
    bits: int | None = None
    """For NEAR: how many of 256 bits differ."""


class Side(StrEnum):
    """Who has to explain it."""

    TAKEN = "taken"
    """This claim shows what another claim showed before."""
    COPIED = "copied"
    """The number is this order's own; it is the other claim that shows a stranger's payment."""


class Reuse(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: words under evidence_reuse.kind.<kind> and evidence_reuse.side.<side>."""

    kind: KeyKind
    side: Side
    claim_id: UUID
    claim_no: str
    same_buyer: bool
    """The same person on another order: often one picture sent for two orders, so the words are milder."""
    added_at: datetime
    is_proven: bool = False
    """Records say whose the number is. Else only the order of uploads speaks, and a thief may have been the faster."""


def reused(keys: Iterable[Key], matches: Iterable[Match], *, order_no: str, buyer: str) -> tuple[Reuse, ...]:
    """The strongest finding for each other claim, strongest first; empty when nothing is re-used.

    `order_no` and `buyer` are those of the claim whose file has `keys`; `matches` are other claims' files.
    """
    own = {key.kind: key for key in keys}
    best: dict[UUID, Reuse] = {}
    ranked = sorted(matches, key=lambda match: (_STRENGTH.index(match.kind), match.added_at, match.claim_no))
    for match in ranked[:MATCHES_MAX]:
        same_buyer = match.buyer == buyer
        if _is_innocent(own, match, same_order=match.order_no == order_no, same_buyer=same_buyer):
            continue
        mine = own.get(match.kind)
        side = Side.COPIED if _is_owner(own, match.kind) else Side.TAKEN
        found = Reuse(
            kind=match.kind,
            side=side,
            claim_id=match.claim_id,
            claim_no=match.claim_no,
            same_buyer=same_buyer,
            added_at=match.added_at,
            is_proven=match.is_own or (mine is not None and mine.is_own),
        )
        best.setdefault(match.claim_id, found)
    return tuple(best.values())[:REUSES_MAX]


def _is_owner(own: dict[KeyKind, Key], kind: KeyKind) -> bool:
    """Whether the number is this order's own; a picture that shows such a number is its owner's, whoever sent it first."""
    mine = own.get(kind)
    if mine is not None and mine.is_own:
        return True
    return kind in _PICTURES and any(key.is_own for key in own.values())


def _is_innocent(own: dict[KeyKind, Key], match: Match, *, same_order: bool, same_buyer: bool) -> bool:
    if same_order and same_buyer:  # the buyer applies again with the evidence of the same purchase
        return True
    mine = own.get(match.kind)
    if same_buyer and mine is not None and mine.is_own and match.is_own:  # one payment for several orders
        return True
    trade_no = own.get(KeyKind.TRADE_NO)
    if match.kind is KeyKind.PAYMENT and trade_no is not None and match.trade_no is not None:
        return trade_no.digest != match.trade_no  # two payments of one amount at one time
    return False
