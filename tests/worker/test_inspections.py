"""A file that is handed in is read, compared and judged, once, whatever dies on the way; its parts are the real ones."""

from __future__ import annotations

import pytest

from huiliu.evidence.actions import remove_file
from huiliu.evidence.errors import FileDamaged
from huiliu.evidence.inspection.model import CheckVerdict, Verdict
from huiliu.evidence.verification.codes import issue_code
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.model import Problem, Step
from huiliu.evidence.verification.payments import Unknown
from huiliu.evidence.verification.reads import claim_summary, how_evidence_stands, inspections
from huiliu.kit.db import transaction
from huiliu.worker.inspections import run_once
from tests.conftest import NOW
from tests.make.fake_bench import PROGRAM, scripted
from tests.make.orders import ZHOUMO_CONTACT
from tests.worker.bills import bill, own_trade, paid
from tests.worker.conftest import House

FOREIGN_NO = "2026112322009999999999999999"


# ------------------------------------------------------------------------------------------------------------- verdicts


async def test_an_honest_bill_is_received_read_compared_and_agrees_with_order_payment_and_rail(house: House) -> None:
    made, trade_no = await own_trade(house, 1)
    paid(house, trade_no=trade_no)
    claim_id = await house.claim(made)
    file_id = await house.hand_in(claim_id, scripted("1", fields=bill(made, trade_no=trade_no)))
    before = await house.found(file_id)
    assert (before.state, before.is_under_way, before.result) == (Step.RECEIVED, True, None)
    after = await house.inspect(file_id)
    assert (after.state, after.verdict, after.attempts) == (Step.DONE, Verdict.CONSISTENT, 1)
    assert after.received_at <= (after.reading_at or NOW) <= (after.checking_at or NOW) <= (after.finished_at or NOW)
    assert after.inspection is not None
    by_rail = {check.name: check.verdict for check in after.inspection.checks if check.source == "rail"}
    assert by_rail["trade_no"] == by_rail["amount"] == by_rail["paid_at"] == CheckVerdict.AGREES
    assert by_rail["paid_to_us"] == CheckVerdict.AGREES
    assert after.is_paid_by_rail
    assert await house.journal(claim_id) == ["evidence.added", "evidence.inspected"]


async def test_a_bill_of_another_amount_is_contradicted_by_every_record(house: House) -> None:
    made, trade_no = await own_trade(house, 2)
    paid(house, trade_no=trade_no)
    claim_id = await house.claim(made)
    found = await house.inspect(
        await house.hand_in(claim_id, scripted("2", fields=bill(made, trade_no=trade_no, amount="900.00")))
    )
    assert found.verdict is Verdict.CONTRADICTED
    assert found.reasons == ("contradicts_amount",)
    async with transaction(house.pool, house.system()) as tx:
        assert (await claim_summary(tx, claim_id)).contradicted == 1
        assert (await how_evidence_stands(tx, claim_id, required=())).contradicted


async def test_a_number_that_the_rail_was_never_paid_to_us_under_is_contradicted(house: House) -> None:
    made, trade_no = await own_trade(house, 3)
    paid(house, trade_no=trade_no)
    found = await house.inspect(
        await house.hand_in(await house.claim(made), scripted("3", fields=bill(made, trade_no=FOREIGN_NO)))
    )
    assert "contradicts_paid_to_us" in found.reasons
    assert house.books.asked == [trade_no, FOREIGN_NO]


async def test_a_rail_that_does_not_answer_contradicts_nobody_and_vouches_for_nobody(house: House) -> None:
    made, trade_no = await own_trade(house, 4)
    house.books.payments[trade_no] = Unknown("no answer")
    found = await house.inspect(
        await house.hand_in(await house.claim(made), scripted("4", fields=bill(made, trade_no=trade_no)))
    )
    assert found.verdict is Verdict.CONSISTENT
    assert not found.is_paid_by_rail
    assert found.inspection is not None
    assert not [check for check in found.inspection.checks if check.source == "rail"]


async def test_our_own_number_that_the_rail_does_not_know_is_no_fault_of_the_picture(house: House) -> None:
    made, trade_no = await own_trade(house, 5)
    found = await house.inspect(
        await house.hand_in(await house.claim(made), scripted("5", fields=bill(made, trade_no=trade_no)))
    )
    assert found.verdict is Verdict.CONSISTENT


async def test_pixels_alone_never_contradict(house: House) -> None:
    made, trade_no = await own_trade(house, 6)
    found = await house.inspect(
        await house.hand_in(
            await house.claim(made), scripted("6", fields=bill(made, trade_no=trade_no), signals=("glyph_profile",))
        )
    )
    assert (found.verdict, found.signals) == (Verdict.UNVERIFIABLE, ("glyph_profile",))


async def test_the_account_that_a_buyer_says_is_wrong_does_not_contradict_them(house: House) -> None:
    made, trade_no = await own_trade(house, 7)
    shown = scripted("7", fields=bill(made, trade_no=trade_no, account="99999999"))
    honest = await house.inspect(await house.hand_in(await house.claim(made, reason="topup_wrong"), shown))
    assert honest.verdict is Verdict.CONSISTENT
    other, other_no = await own_trade(house, 8)
    lying = scripted("8", fields=bill(other, trade_no=other_no, account="99999999"))
    found = await house.inspect(await house.hand_in(await house.claim(other), lying))
    assert found.reasons == ("contradicts_account",)


# --------------------------------------------------------------------------------------------------------------- re-use


async def test_a_stranger_s_payment_is_found_and_its_owner_is_not_blamed_for_it(house: House) -> None:
    owner, trade_no = await own_trade(house, 10)
    thief = await house.bought(contact=ZHOUMO_CONTACT, rail_trade_no="")
    stolen = await house.inspect(
        await house.hand_in(await house.claim(thief), scripted("10 cropped", fields=bill(owner, trade_no=trade_no)))
    )
    assert stolen.inspection is not None
    claim_id = await house.claim(owner)
    honest = await house.inspect(await house.hand_in(claim_id, scripted("10", fields=bill(owner, trade_no=trade_no))))
    assert honest.verdict is Verdict.CONSISTENT
    assert honest.result is not None
    (reuse,) = honest.result.extra.reuses
    assert (reuse.kind.value, reuse.side.value, reuse.same_buyer) == ("trade_no", "copied", False)


async def test_a_payment_that_another_buyer_showed_before_contradicts_and_only_staff_read_whose(house: House) -> None:
    owner, trade_no = await own_trade(house, 11)
    owner_claim = await house.claim(owner)
    await house.inspect(await house.hand_in(owner_claim, scripted("11", fields=bill(owner, trade_no=trade_no))))
    thief = await house.bought(contact=ZHOUMO_CONTACT, rail_trade_no="")
    file_id = await house.hand_in(await house.claim(thief), scripted("11b", fields=bill(thief, trade_no=trade_no)))
    staff = await house.inspect(file_id)
    assert "contradicts_trade_no_used" in staff.reasons
    number = str(await house.value("SELECT claim_no FROM claims WHERE id = %(id)s", id=owner_claim))
    assert staff.inspection is not None
    assert [check.expected for check in staff.inspection.checks if check.name == "trade_no_used"] == [number]
    buyers = await house.found(file_id, is_for_staff=False)
    assert number not in repr(buyers)
    assert "trade_no_used" not in repr(buyers)


async def test_the_same_file_of_two_buyers_contradicts_and_of_one_buyer_only_asks(house: House) -> None:
    first, second, third = [(await own_trade(house, 20 + n))[0] for n in range(3)]
    stranger = await house.bought(contact=ZHOUMO_CONTACT)
    assert first.contact_hash == second.contact_hash == third.contact_hash != stranger.contact_hash
    data = scripted("20", page="unknown")
    await house.inspect(await house.hand_in(await house.claim(first), data))
    again = await house.inspect(await house.hand_in(await house.claim(second), data))
    assert again.verdict is Verdict.UNVERIFIABLE
    assert again.inspection is not None
    assert {check.name for check in again.inspection.checks if check.source == "claims"} == {"original_reused"}
    page = await house.inspect(await house.hand_in(await house.claim(stranger), data, slot="detail_page"))
    assert page.verdict is Verdict.UNVERIFIABLE, "a product's page may be everybody's"
    other = await house.bought(contact=ZHOUMO_CONTACT)
    bad = await house.inspect(await house.hand_in(await house.claim(other), data))
    assert bad.reasons == ("contradicts_original_reused",)


async def test_what_another_buyer_took_back_counts_against_nobody(house: House) -> None:
    data = scripted("25", page="unknown")
    claim_id = await house.claim(await house.bought(contact=ZHOUMO_CONTACT))
    mistaken = await house.hand_in(claim_id, data)
    await house.inspect(mistaken)
    async with transaction(house.pool, house.buyer(), clock=house.clock) as tx:
        await remove_file(tx, claim_id, file_id=mistaken)
    made, _ = await own_trade(house, 25)
    found = await house.inspect(await house.hand_in(await house.claim(made), data))
    assert found.result is not None
    assert found.result.extra.reuses == ()


async def test_a_buyer_who_shows_the_same_bill_again_for_the_same_order_re_uses_nothing(house: House) -> None:
    made, trade_no = await own_trade(house, 30)
    data = scripted("30", fields=bill(made, trade_no=trade_no))
    claim_id = await house.claim(made)
    await house.inspect(await house.hand_in(claim_id, data))
    again = await house.inspect(await house.hand_in(claim_id, data, slot="other"))
    assert again.result is not None
    assert again.result.extra.reuses == ()


async def test_of_two_files_finished_at_once_the_later_one_sees_the_other(house: House, lane: Lane) -> None:
    second = Lane(PROGRAM)
    try:
        both = house.with_lanes([lane, second])
        owner, trade_no = await own_trade(house, 31)
        files = [
            await house.hand_in(
                await house.claim(await house.bought(contact=contact, rail_trade_no="")),
                scripted(f"31 {contact}", fields=bill(owner, trade_no=trade_no)),
            )
            for contact in ("13700000001", "13700000002")
        ]
        assert await run_once(both.room) == 2
        found = [await house.found(file_id) for file_id in files]
        assert sum(len(each.result.extra.reuses) for each in found if each.result is not None) == 1
    finally:
        await second.close()


async def test_a_photo_that_looks_like_another_buyer_s_is_shown_to_staff_and_accuses_nobody(house: House) -> None:
    near, nearly = "f0" * 32, "f0" * 31 + "f1"
    for number, (contact, bits) in enumerate((("13700000003", near), (ZHOUMO_CONTACT, nearly))):
        made = await house.bought(contact=contact)
        data = scripted(f"40 {number}", near=bits, is_screenshot=False, page="unknown")
        found = await house.inspect(await house.hand_in(await house.claim(made), data, slot="difference"))
    assert found.verdict is Verdict.UNVERIFIABLE
    assert found.inspection is not None
    assert [check.name for check in found.inspection.checks if check.source == "claims"] == ["near_reused"]


# ------------------------------------------------------------------------------------------------------- one-time codes


async def test_a_code_is_wanted_where_it_was_given_and_is_used_up_by_the_picture_that_shows_it(house: House) -> None:
    made, trade_no = await own_trade(house, 50)
    claim_id = await house.claim(made)
    async with transaction(house.pool, house.buyer(), clock=house.clock) as tx:
        first, second = await issue_code(tx, claim_id), await issue_code(tx, claim_id)
    assert first == second
    house.clock.advance(minutes=1)
    fields = bill(made, trade_no=trade_no)
    without = await house.inspect(await house.hand_in(claim_id, scripted("50", fields=fields), slot="platform_check"))
    assert (without.verdict, without.reasons) == (Verdict.RETAKE, ("missing_code",))
    old = scripted("50 old", fields=fields | {"code": "ZZZZZZ"})
    wrong = await house.inspect(await house.hand_in(claim_id, old, slot="platform_check"))
    assert wrong.verdict is Verdict.RETAKE, "an old code is no lie"
    shown = scripted("50 shown", fields=fields | {"code": first.code})
    file_id = await house.hand_in(claim_id, shown, slot="platform_check")
    assert (await house.inspect(file_id)).verdict is Verdict.CONSISTENT
    assert await house.value("SELECT used_by_file FROM evidence_codes WHERE id = %(id)s", id=first.id) == file_id
    async with transaction(house.pool, house.buyer(), clock=house.clock) as tx:
        assert (await issue_code(tx, claim_id)).code != first.code


async def test_a_platform_s_check_without_any_code_proves_nothing(house: House) -> None:
    made, trade_no = await own_trade(house, 51)
    data = scripted("51", fields=bill(made, trade_no=trade_no))
    found = await house.inspect(await house.hand_in(await house.claim(made), data, slot="platform_check"))
    assert found.reasons == ("missing_code",)


# ---------------------------------------------------------------------------------------------------- private documents


async def test_a_private_document_is_out_of_sight_and_its_bytes_and_words_are_gone(house: House) -> None:
    claim_id = await house.claim()
    file_id = await house.hand_in(claim_id, scripted("60", do="private", fields={"account": "110101199003077758"}))
    row = "SELECT {} FROM evidence_files WHERE id = %(id)s"
    original = await house.value(row.format("original_sha256"), id=file_id)
    shown = await house.value(row.format("sha256"), id=file_id)
    found = await house.inspect(file_id)
    assert (found.state, found.problem, found.result) == (Step.REFUSED, Problem.PRIVATE_DOCUMENT, None)
    assert await house.value(row.format("removed_why"), id=file_id) == "private"
    assert isinstance(original, bytes)
    assert isinstance(shown, bytes)
    for gone in (house.files.original(house.platform_id, original), house.files.read(house.platform_id, shown)):
        with pytest.raises(FileDamaged):
            await gone
    assert await house.value("SELECT count(*) FROM evidence_keys WHERE file_id = %(id)s", id=file_id) == 0
    assert await house.journal(claim_id) == ["evidence.added", "evidence.refused"]
    async with transaction(house.pool, house.system()) as tx:
        assert (await inspections(tx, claim_id))[file_id].state is Step.REFUSED, "the buyer's page says why it is gone"
    assert await run_once(house.room) == 0


async def test_bytes_that_another_claim_stands_on_stay(house: House) -> None:
    data = scripted("61", do="private")
    first = await house.hand_in(await house.claim(), data)
    second = await house.hand_in(await house.claim(), data)
    original = await house.value("SELECT original_sha256 FROM evidence_files WHERE id = %(id)s", id=first)
    assert isinstance(original, bytes)
    await house.inspect(first)
    assert await house.files.original(house.platform_id, original) == data
    await house.inspect(second)
    with pytest.raises(FileDamaged):
        await house.files.original(house.platform_id, original)
