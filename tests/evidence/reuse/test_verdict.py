"""What a shared key means: the innocent cases first, then who has to explain what."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from huiliu.evidence.reuse.keys import Key, KeyKind
from huiliu.evidence.reuse.verdict import MATCHES_MAX, REUSES_MAX, Match, Reuse, Side, reused
from huiliu.kit.text import Lang, has_words, say
from tests.conftest import NOW

TRADE, OTHER_TRADE = b"t" * 32, b"u" * 32
MINE = (
    Key(kind=KeyKind.TRADE_NO, digest=TRADE),
    Key(kind=KeyKind.ORDER_NO, digest=b"o" * 32),
    Key(kind=KeyKind.PAYMENT, digest=b"p" * 32),
    Key(kind=KeyKind.ORIGINAL, digest=b"f" * 32),
    Key(kind=KeyKind.SHOWN, digest=b"s" * 32),
)
OWN = tuple(msgspec.structs.replace(key, is_own=key.kind in (KeyKind.TRADE_NO, KeyKind.ORDER_NO)) for key in MINE)


def match(kind: KeyKind = KeyKind.TRADE_NO, **changed: object) -> Match:
    """Another buyer's file on another order."""
    found = Match(
        kind=kind, claim_id=UUID(int=7), claim_no="RF1", order_no="KM2", buyer="other", added_at=NOW, trade_no=TRADE
    )
    return msgspec.structs.replace(found, **changed)


def judge(*matches: Match, keys: tuple[Key, ...] = MINE) -> tuple[Reuse, ...]:
    """As 林小满's claim on order KM1."""
    return reused(keys, matches, order_no="KM1", buyer="xiaoman")


def test_the_buyer_applying_again_for_the_same_order_is_nothing() -> None:
    assert judge(*(match(kind, order_no="KM1", buyer="xiaoman") for kind in KeyKind)) == ()


def test_one_payment_for_several_orders_of_one_buyer_is_nothing() -> None:
    assert judge(match(buyer="xiaoman", is_own=True), keys=OWN) == ()


@pytest.mark.parametrize("kind", KeyKind)
def test_another_buyers_evidence_is_re_used(kind: KeyKind) -> None:
    (found,) = judge(match(kind))

    assert (found.kind, found.side, found.claim_no, found.same_buyer) == (kind, Side.TAKEN, "RF1", False)


def test_another_buyer_on_the_same_order_is_re_used() -> None:
    (found,) = judge(match(order_no="KM1"))

    assert found.side is Side.TAKEN


def test_the_same_buyers_evidence_for_another_order_is_re_used_and_said_mildly() -> None:
    (found,) = judge(match(buyer="xiaoman"))

    assert (found.side, found.same_buyer) == (Side.TAKEN, True)


def test_whoever_owns_the_payment_is_not_the_one_to_explain() -> None:
    (found,) = judge(match(), keys=OWN)

    assert found.side is Side.COPIED


def test_a_buyer_who_shows_one_orders_payment_for_another_is_found_from_either_side() -> None:
    (from_the_other,) = judge(match(buyer="xiaoman"), keys=OWN)
    (from_this,) = judge(match(buyer="xiaoman", is_own=True))

    assert (from_the_other.side, from_this.side) == (Side.COPIED, Side.TAKEN)


def test_amount_and_time_do_not_make_two_payments_one() -> None:
    assert judge(match(KeyKind.PAYMENT, trade_no=OTHER_TRADE)) == ()
    assert judge(match(KeyKind.PAYMENT, trade_no=None))
    assert judge(match(KeyKind.PAYMENT, trade_no=OTHER_TRADE), keys=MINE[2:])


def test_each_other_claim_is_named_once_with_its_strongest_kind() -> None:
    found = judge(match(KeyKind.SHOWN), match(KeyKind.TRADE_NO), match(KeyKind.PAYMENT))

    assert [it.kind for it in found] == [KeyKind.TRADE_NO]


def test_the_oldest_comes_first_and_the_list_ends() -> None:
    many = [
        match(claim_id=UUID(int=at), claim_no=f"RF{at}", added_at=NOW - timedelta(hours=at))
        for at in range(MATCHES_MAX)
    ]

    found = judge(*many)

    assert [it.claim_no for it in found] == [
        f"RF{at}" for at in range(MATCHES_MAX - 1, MATCHES_MAX - 1 - REUSES_MAX, -1)
    ]


def test_every_kind_and_side_has_words() -> None:
    assert all(has_words(f"evidence_reuse.kind.{kind}") for kind in KeyKind)
    for side in Side:
        assert "RF1" in say(Lang.EN, f"evidence_reuse.side.{side}", claim_no="RF1", moment="now")
