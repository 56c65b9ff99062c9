"""Evidence goes into slots within limits, comes out only before it counts, and is written into the journal."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from uuid import UUID, uuid4

import msgspec
import pytest

from huiliu.evidence import actions, errors, reads
from huiliu.evidence.actions import add_file, add_note, remove_file, remove_note
from huiliu.evidence.model import (
    FILES_EVER_MAX,
    FILES_PER_CLAIM_MAX,
    FILES_PER_SLOT_MAX,
    Kept,
    NoteRow,
    Signature,
    tidy_name,
)
from huiliu.evidence.slots import CATALOGUE, SlotCode, SlotKind, Supplier
from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.errors import NotFound, Refusal
from tests.conftest import NOW
from tests.evidence.conftest import Cast, ask_for_material, buyers_transaction, make_claim, submit_round

SIGNED = Signature(name="林小满", policy_version="3", policy_hash=b"\1" * 32)
DECLARED = "本人声明：至今未使用。"


def kept(name: str = "one", *, size: int = 1000) -> Kept:
    """What the gate hands on; another name is another picture."""
    digest = hashlib.sha256(name.encode()).digest()
    original = hashlib.sha256(f"original {name}".encode()).digest()
    return Kept(sha256=digest, original_sha256=original, media_type="image/png", size=size, width=360, height=640)


class Line(msgspec.Struct, frozen=True):
    kind: str
    body: str
    actor_name: str


async def journal(tx: Tx, claim_id: UUID) -> list[Line]:
    return await tx.all(
        Line,
        "SELECT kind, body, actor_name FROM journal WHERE platform_id = %(p)s AND stream = %(s)s ORDER BY seq LIMIT 100",
        p=tx.platform_id,
        s=claim_id,
    )


async def test_a_file_lies_in_its_slot_and_in_the_journal(as_buyer: Tx, claim_id: UUID) -> None:
    file_id = await add_file(
        as_buyer, claim_id, slot="paid_shot", round=1, kept=kept(), file_name="C:\\林小满 支付.png"
    )
    (view,) = await reads.slots_for(as_buyer, claim_id, required=("paid_shot",), optional=())
    assert (view.complete, view.required, view.supplied_by_platform) == (True, True, False)
    assert (view.files[0].id, view.files[0].file_name, view.files[0].source) == (file_id, "林小满 支付.png", "buyer")
    assert await reads.have(as_buyer, claim_id) == {"paid_shot"}
    (line,) = await journal(as_buyer, claim_id)
    assert line.kind == "evidence.added"
    assert msgspec.json.decode(line.body) == {
        "form": "file",
        "slot": "paid_shot",
        "sha256": kept().sha256.hex(),
        "original_sha256": kept().original_sha256.hex(),
        "size": 1000,
        "round": 1,
        "source": "buyer",
    }
    assert "支付.png" not in line.body


async def test_the_same_picture_twice_in_one_slot_is_kept_once(as_buyer: Tx, claim_id: UUID) -> None:
    first = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    assert await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept()) == first
    assert await add_file(as_buyer, claim_id, slot="time_gap", round=1, kept=kept()) != first
    assert len(await journal(as_buyer, claim_id)) == 2


async def test_a_slot_and_a_claim_hold_only_so_much(as_buyer: Tx, claim_id: UUID) -> None:
    for number in range(FILES_PER_SLOT_MAX):
        await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept(f"paid {number}"))
    with pytest.raises(errors.SlotFull):
        await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("one more"))
    with pytest.raises(errors.SlotFull):
        await actions.ensure_room(as_buyer, claim_id, slot="paid_shot")
    for number in range(FILES_PER_CLAIM_MAX - FILES_PER_SLOT_MAX):
        slot = ("time_gap", "other", "difference")[number % 3]
        await add_file(as_buyer, claim_id, slot=slot, round=1, kept=kept(f"more {number}"))
    with pytest.raises(errors.ClaimFull):
        await add_file(as_buyer, claim_id, slot="detail_page", round=1, kept=kept("one more"))


async def test_the_buyer_cannot_use_up_the_platforms_room(as_buyer: Tx, as_reviewer: Tx, claim_id: UUID) -> None:
    for number in range(FILES_PER_SLOT_MAX):
        await add_file(as_buyer, claim_id, slot="other", round=1, kept=kept(f"buyer {number}"))
    assert await add_file(as_reviewer, claim_id, slot="other", round=1, kept=kept("reviewer"))


async def test_the_bytes_of_a_claim_are_bounded(as_buyer: Tx, claim_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BYTES_PER_CLAIM_MAX", 1500)
    await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("one"))
    with pytest.raises(errors.ClaimFull):
        await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("two"))


async def test_adding_and_removing_for_ever_ends_somewhere(
    as_buyer: Tx, claim_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FILES_EVER_MAX > FILES_PER_CLAIM_MAX
    monkeypatch.setattr(actions, "FILES_EVER_MAX", 3)
    for number in range(3):
        added = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept(str(number)))
        await remove_file(as_buyer, claim_id, file_id=added)
    with pytest.raises(errors.ClaimFull):
        await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("again"))


async def test_two_at_once_cannot_exceed_a_slot(pool: Pool, cast: Cast, committed_claim: UUID) -> None:
    async with buyers_transaction(pool, cast) as tx:
        for number in range(FILES_PER_SLOT_MAX - 1):
            await add_file(tx, committed_claim, slot="paid_shot", round=1, kept=kept(str(number)))

    async def one_more(name: str) -> str:
        try:
            async with buyers_transaction(pool, cast) as tx:
                await add_file(tx, committed_claim, slot="paid_shot", round=1, kept=kept(name))
        except Refusal as refusal:
            return refusal.code
        return "added"

    said = await asyncio.gather(*(one_more(f"racer {number}") for number in range(8)))
    assert sorted(said) == ["added", *["evidence.slot_full"] * 7]
    async with buyers_transaction(pool, cast) as tx:
        assert len(await reads.live_files(tx, committed_claim)) == FILES_PER_SLOT_MAX


async def test_the_same_picture_from_two_at_once_is_kept_once(pool: Pool, cast: Cast, committed_claim: UUID) -> None:
    async def add() -> UUID:
        async with buyers_transaction(pool, cast) as tx:
            return await add_file(tx, committed_claim, slot="paid_shot", round=1, kept=kept())

    assert len(set(await asyncio.gather(*(add() for _ in range(6))))) == 1
    async with buyers_transaction(pool, cast) as tx:
        assert len(await reads.live_files(tx, committed_claim)) == 1
        assert len(await journal(tx, committed_claim)) == 1


async def test_a_file_can_be_taken_back_before_the_round_is_submitted(as_buyer: Tx, claim_id: UUID) -> None:
    file_id = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    await remove_file(as_buyer, claim_id, file_id=file_id)
    assert await reads.have(as_buyer, claim_id) == frozenset()
    with pytest.raises(NotFound):
        await reads.load_file(as_buyer, file_id)
    with pytest.raises(NotFound):
        await remove_file(as_buyer, claim_id, file_id=file_id)
    assert [line.kind for line in await journal(as_buyer, claim_id)] == ["evidence.added", "evidence.removed"]
    assert await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept()) != file_id


async def test_what_was_submitted_stays(as_buyer: Tx, claim_id: UUID) -> None:
    file_id = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    note_id = await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    await submit_round(as_buyer, claim_id, round=1)
    with pytest.raises(errors.AlreadySubmitted):
        await remove_file(as_buyer, claim_id, file_id=file_id)
    with pytest.raises(errors.AlreadySubmitted):
        await remove_note(as_buyer, claim_id, note_id=note_id)
    next_round = await add_file(as_buyer, claim_id, slot="paid_shot", round=2, kept=kept("two"))
    await remove_file(as_buyer, claim_id, file_id=next_round)


async def test_material_that_was_asked_for_can_be_taken_back_until_it_is_handed_in(
    as_buyer: Tx, claim_id: UUID
) -> None:
    early = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("early"))
    await submit_round(as_buyer, claim_id, round=1)
    later = replace(as_buyer, now=NOW.replace(hour=3))
    await ask_for_material(later, claim_id)
    answer = await add_file(later, claim_id, slot="paid_shot", round=1, kept=kept("answer"))
    with pytest.raises(errors.AlreadySubmitted):
        await remove_file(later, claim_id, file_id=early)
    await remove_file(later, claim_id, file_id=answer)
    wrong_again = await add_file(later, claim_id, slot="paid_shot", round=1, kept=kept("answer"))
    await later.run("UPDATE claim_requests SET answered_at = %(now)s WHERE claim_id = %(c)s", now=later.now, c=claim_id)
    with pytest.raises(errors.AlreadySubmitted):
        await remove_file(later, claim_id, file_id=wrong_again)


async def test_a_request_to_the_platform_does_not_free_the_buyers_files(as_buyer: Tx, claim_id: UUID) -> None:
    await ask_for_material(as_buyer, claim_id, of="platform")
    file_id = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    await submit_round(as_buyer, claim_id, round=1)
    with pytest.raises(errors.AlreadySubmitted):
        await remove_file(as_buyer, claim_id, file_id=file_id)


async def test_an_old_page_cannot_slip_evidence_into_a_round_that_was_judged(
    as_buyer: Tx, as_reviewer: Tx, claim_id: UUID
) -> None:
    first = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    await submit_round(as_buyer, claim_id, round=1)
    with pytest.raises(errors.RoundClosed):
        await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept("late"))
    with pytest.raises(errors.RoundClosed):
        await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    assert await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept()) == first
    assert await add_file(as_reviewer, claim_id, slot="platform_proof", round=1, kept=kept("proof"))


async def test_nobody_takes_back_what_another_handed_in(as_buyer: Tx, as_reviewer: Tx, claim_id: UUID) -> None:
    buyers = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    reviewers = await add_file(as_reviewer, claim_id, slot="platform_proof", round=1, kept=kept())
    with pytest.raises(errors.NotYours):
        await remove_file(as_reviewer, claim_id, file_id=buyers)
    with pytest.raises(errors.NotYours):
        await remove_file(as_buyer, claim_id, file_id=reviewers)


async def test_a_file_of_another_claim_or_platform_is_not_found(
    as_buyer: Tx, claim_id: UUID, platforms: dict[str, int]
) -> None:
    file_id = await add_file(as_buyer, claim_id, slot="paid_shot", round=1, kept=kept())
    other = await make_claim(as_buyer)
    with pytest.raises(NotFound):
        await remove_file(as_buyer, other, file_id=file_id)
    with pytest.raises(NotFound):
        await add_file(as_buyer, uuid4(), slot="paid_shot", round=1, kept=kept())
    elsewhere = replace(as_buyer, actor=Actor(ActorKind.BUYER, platforms["xingka"], "x", "x"))
    with pytest.raises(NotFound):
        await reads.load_file(elsewhere, file_id)
    with pytest.raises(NotFound):
        await add_file(elsewhere, claim_id, slot="paid_shot", round=1, kept=kept())
    assert await reads.have(elsewhere, claim_id) == frozenset()


async def test_the_platform_cannot_be_relieved_of_its_burden(as_buyer: Tx, as_reviewer: Tx, claim_id: UUID) -> None:
    assert CATALOGUE[SlotCode.PLATFORM_PROOF].supplier is Supplier.PLATFORM
    with pytest.raises(errors.PlatformSlot):
        await add_file(as_buyer, claim_id, slot="platform_proof", round=1, kept=kept())
    with pytest.raises(errors.PlatformSlot):
        await add_note(as_buyer, claim_id, slot="platform_proof", round=1, text="我没用过", signature=SIGNED)
    assert await add_file(as_reviewer, claim_id, slot="platform_proof", round=1, kept=kept())
    assert await add_note(as_reviewer, claim_id, slot="platform_proof", round=1, text="后台记录见图")


@pytest.mark.parametrize("slot", ["", "nothing", "paid_shot; DROP TABLE claims", "x" * 10_000])
async def test_an_unknown_slot_is_refused(as_buyer: Tx, claim_id: UUID, slot: str) -> None:
    with pytest.raises(errors.UnknownSlot):
        await add_file(as_buyer, claim_id, slot=slot, round=1, kept=kept())


async def test_words_do_not_fill_a_picture_slot_nor_a_picture_a_declaration(as_buyer: Tx, claim_id: UUID) -> None:
    assert CATALOGUE[SlotCode.UNUSED_DECLARATION].kind is SlotKind.SIGNED_WORDS
    with pytest.raises(errors.WrongForm):
        await add_file(as_buyer, claim_id, slot="unused_declaration", round=1, kept=kept())
    with pytest.raises(errors.WrongForm):
        await add_note(as_buyer, claim_id, slot="paid_shot", round=1, text="我付过钱", signature=SIGNED)
    with pytest.raises(errors.NameMissing):
        await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED)


async def only_note(tx: Tx, claim_id: UUID) -> NoteRow:
    (note,) = await reads.live_notes(tx, claim_id)
    return note


async def test_a_declaration_is_hashed_with_its_time_name_and_policy_version(as_buyer: Tx, claim_id: UUID) -> None:
    await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=f" {DECLARED} ", signature=SIGNED)
    note = await only_note(as_buyer, claim_id)
    assert (note.words, note.by_name, note.kind, note.source) == (DECLARED, "林小满", "declaration", "buyer")
    assert msgspec.json.decode(note.facts) == {
        "name": "林小满",
        "policy_hash": "01" * 32,
        "policy_version": "3",
        "round": 1,
        "signed_at": "2026-11-23T02:00:00.000000+00:00",
    }
    assert note.is_intact
    await as_buyer.run("UPDATE evidence_notes SET words = '已使用' WHERE claim_id = %(c)s", c=claim_id)
    assert not (await only_note(as_buyer, claim_id)).is_intact
    assert "林小满" not in (await journal(as_buyer, claim_id))[0].body


async def test_a_second_click_signs_nothing_new(as_buyer: Tx, claim_id: UUID) -> None:
    signed = await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    later = replace(as_buyer, now=NOW.replace(hour=4))
    again = await add_note(later, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    assert again == signed
    assert len(await journal(as_buyer, claim_id)) == 1


@pytest.mark.parametrize("name", ["", "   ", "名" * 41, "a\x00b"])
async def test_a_declaration_wants_a_readable_name(as_buyer: Tx, claim_id: UUID, name: str) -> None:
    bad = msgspec.structs.replace(SIGNED, name=name)
    with pytest.raises(errors.NameMissing):
        await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=bad)


@pytest.mark.parametrize("text", ["", "  \n ", "字" * 4001])
async def test_a_declaration_wants_words_of_bounded_length(as_buyer: Tx, claim_id: UUID, text: str) -> None:
    with pytest.raises(errors.WordsTooLong):
        await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=text, signature=SIGNED)


async def test_nobody_signs_for_the_buyer(as_reviewer: Tx, claim_id: UUID) -> None:
    with pytest.raises(errors.NotYours):
        await add_note(as_reviewer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)


async def test_notes_of_a_claim_are_bounded(as_buyer: Tx, claim_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "NOTES_PER_CLAIM_MAX", 1)
    await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    with pytest.raises(errors.ClaimFull):
        await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text="另一份", signature=SIGNED)


async def test_a_buyers_note_is_taken_back_before_it_counts(as_buyer: Tx, claim_id: UUID) -> None:
    note_id = await add_note(as_buyer, claim_id, slot="unused_declaration", round=1, text=DECLARED, signature=SIGNED)
    await remove_note(as_buyer, claim_id, note_id=note_id)
    assert await reads.live_notes(as_buyer, claim_id) == []
    with pytest.raises(NotFound):
        await remove_note(as_buyer, claim_id, note_id=note_id)


async def test_the_list_shows_required_then_optional_then_whatever_else_is_there(as_buyer: Tx, claim_id: UUID) -> None:
    await add_file(as_buyer, claim_id, slot="difference", round=1, kept=kept())
    views = await reads.slots_for(
        as_buyer, claim_id, required=("not_arrived_shot", "paid_shot"), optional=("other", "paid_shot")
    )
    assert [(view.code.value, view.required, view.complete) for view in views] == [
        ("not_arrived_shot", True, False),
        ("paid_shot", True, False),
        ("other", False, False),
        ("difference", False, True),
    ]


async def test_submitting_waits_for_an_upload_that_holds_the_claim(
    pool: Pool, cast: Cast, committed_claim: UUID
) -> None:
    async with buyers_transaction(pool, cast) as first:
        await add_file(first, committed_claim, slot="paid_shot", round=1, kept=kept())
        async with transaction(pool, cast.reviewer) as second:
            found = await second.value(
                "SELECT 1 FROM claims WHERE platform_id = %(p)s AND id = %(c)s FOR NO KEY UPDATE SKIP LOCKED",
                p=second.platform_id,
                c=committed_claim,
            )
            assert found is None


def test_a_files_name_is_only_a_short_printable_name() -> None:
    assert tidy_name("../../etc/passwd") == "passwd"
    assert tidy_name("a\0b\nc‮.png") == "abc.png"
    assert len(tidy_name("长" * 500)) == 120
    assert tidy_name("") == ""
