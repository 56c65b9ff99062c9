"""Keys: what identifies a payment under any crop or print, and what is too vague to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from huiliu.evidence.inspection.model import Box, Expected, FieldName, FieldRead
from huiliu.evidence.reuse.keys import KEYS_MAX, Key, KeyKind, keys, payment_text
from huiliu.kit.keyring import Keyring

PAID = {
    FieldName.TRADE_NO: "2026112322001400001234567890",
    FieldName.ORDER_NO: "KM20261123000017",
    FieldName.AMOUNT: "128.00",
    FieldName.PAID_AT: "2026-11-23T10:03:27+08:00",
    FieldName.PAYEE: "卡门数字",
    FieldName.ACCOUNT: "13800001234",
}
RECEIPTS = 20_000


def fields(**changed: str) -> tuple[FieldRead, ...]:
    """What was read off 林小满's receipt, with changes; an empty value was not read."""
    values = {**PAID, **{FieldName(name): value for name, value in changed.items()}}
    return tuple(
        FieldRead(name=name, value=value, text=value, box=Box(0, 0, 9, 9), score=1.0)
        for name, value in values.items()
        if value
    )


def made(
    keyring: Keyring,
    read: tuple[FieldRead, ...],
    *,
    file: str = "a",
    platform: int = 1,
    expected: Expected | None = None,
) -> dict[KeyKind, Key]:
    """The keys by kind."""
    found = keys(
        read,
        original_sha256=file.encode().rjust(32),
        shown_sha256=file.encode().ljust(32),
        platform_id=platform,
        keyring=keyring,
        expected=expected,
    )
    assert len(found) <= KEYS_MAX
    assert len({key.kind for key in found}) == len(found)
    return {key.kind: key for key in found}


def test_a_readable_receipt_has_every_kind_of_key(keyring: Keyring) -> None:
    found = made(keyring, fields())

    assert set(found) == set(KeyKind) - {KeyKind.NEAR}
    assert all(len(key.digest) == 32 for key in found.values())


def test_the_same_receipt_in_another_file_keeps_its_keys(keyring: Keyring) -> None:
    first, second = made(keyring, fields()), made(keyring, fields(), file="b")

    same = {kind for kind in first if first[kind].digest == second[kind].digest}

    assert same == {KeyKind.TRADE_NO, KeyKind.ORDER_NO, KeyKind.PAYMENT}


@pytest.mark.parametrize(
    "printed",
    ["2026 1123 2200 1400 0012 3456 7890", "2026-1123-2200-1400-0012-3456-7890", "２０２６112322001400001234567890"],
)
def test_a_number_is_the_same_however_it_is_printed(keyring: Keyring, printed: str) -> None:
    assert made(keyring, fields(trade_no=printed))[KeyKind.TRADE_NO] == made(keyring, fields())[KeyKind.TRADE_NO]


def test_small_letters_make_no_other_order_number(keyring: Keyring) -> None:
    assert made(keyring, fields(order_no="km20261123000017")) == made(keyring, fields())


def test_a_cropped_receipt_without_its_number_still_has_its_payment(keyring: Keyring) -> None:
    found = made(keyring, fields(trade_no="", order_no=""))

    assert set(found) == {KeyKind.PAYMENT, KeyKind.ORIGINAL, KeyKind.SHOWN}
    assert found[KeyKind.PAYMENT] == made(keyring, fields())[KeyKind.PAYMENT]


def test_an_account_makes_a_payment_specific_to_the_minute(keyring: Keyring) -> None:
    to_the_minute = made(keyring, fields(paid_at="2026-11-23T10:03+08:00"))

    assert to_the_minute[KeyKind.PAYMENT] == made(keyring, fields())[KeyKind.PAYMENT]


@pytest.mark.parametrize(
    "vague",
    [
        {"amount": ""},
        {"paid_at": ""},
        {"paid_at": "2026-11-23"},
        {"paid_at": "yesterday at ten o'clock"},
        {"account": ""},
        {"account": "1********34"},
    ],
)
def test_what_many_people_share_is_no_key(keyring: Keyring, vague: dict[str, str]) -> None:
    assert KeyKind.PAYMENT not in made(keyring, fields(**vague))


def test_one_instant_is_the_same_in_any_offset() -> None:
    there = payment_text({**PAID, FieldName.PAID_AT: "2026-11-23T02:03:27+00:00"})

    assert there == payment_text(PAID) != ""


def test_short_numbers_are_no_keys(keyring: Keyring) -> None:
    found = made(keyring, fields(trade_no="123456", order_no="17"))

    assert not {KeyKind.TRADE_NO, KeyKind.ORDER_NO} & set(found)


def test_keys_say_which_numbers_the_records_call_the_orders_own(keyring: Keyring) -> None:
    known = Expected(order_no="km-2026-1123-000017", trade_no=PAID[FieldName.TRADE_NO])

    found = made(keyring, fields(), expected=known)
    foreign = made(keyring, fields(trade_no="2026112322001400009999999999"), expected=known)

    assert {kind for kind, key in found.items() if key.is_own} == {KeyKind.TRADE_NO, KeyKind.ORDER_NO}
    assert {kind for kind, key in foreign.items() if key.is_own} == {KeyKind.ORDER_NO}


def test_no_two_platforms_share_a_digest_and_none_can_be_computed_without_the_key(keyring: Keyring) -> None:
    other_key = Keyring(current="k", keys={"k": b"k" * 32}, lookup=b"another lookup key")
    ours, theirs, guessed = made(keyring, fields()), made(keyring, fields(), platform=2), made(other_key, fields())

    assert all(ours[kind].digest not in (theirs[kind].digest, guessed[kind].digest) for kind in ours)


def test_many_different_receipts_share_no_key(keyring: Keyring) -> None:
    """A busy platform: one payee, few prices, often several payments in one second."""
    random = Random(20261123)  # noqa: S311  no secret
    start, seen = datetime(2026, 11, 23, tzinfo=UTC), set[bytes]()
    for number in range(RECEIPTS):
        receipt = fields(
            trade_no=f"20261123{number:020}" if number % 3 else "",
            order_no=f"KM20261123{number:06}" if number % 3 else "",
            amount=random.choice(["30.00", "68.00", "128.00"]),
            paid_at=(start + timedelta(seconds=random.randrange(7200))).isoformat(),
            account=f"138{random.randrange(10**8):08}" if number % 2 else "",
        )
        found = {key.digest for key in made(keyring, receipt, file=str(number)).values()}
        assert not found & seen
        seen |= found
