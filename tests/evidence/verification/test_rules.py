"""Rules of verification that need no database: who reads what, what is kept, what the records say, how scenes add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from msgspec import structs

from huiliu.evidence.inspection.model import (
    Box,
    Check,
    CheckVerdict,
    Expected,
    FieldName,
    Finding,
    GlyphProof,
    Inspection,
    Line,
    StatusCode,
    Verdict,
)
from huiliu.evidence.reuse.keys import KeyKind
from huiliu.evidence.reuse.verdict import Reuse, Side
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.verification import sealing
from huiliu.evidence.verification.frames import summed
from huiliu.evidence.verification.judging import OtherUse, RailSaid, judged, rail_to_ask, trade_no_to_ask
from huiliu.evidence.verification.model import (
    CLAIM_CHECKS,
    ClaimSummary,
    Extra,
    FileInspection,
    Problem,
    Result,
    Step,
    for_buyer,
    summary,
)
from huiliu.evidence.verification.payments import NotOurs, Paid, Unknown
from huiliu.evidence.verification.records import (
    ORDER,
    PAYMENT,
    PLATFORM,
    FileRecords,
    expected_of,
    rail_record,
    records_of,
)
from huiliu.kit.keyring import Keyring
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, words
from tests.make.fake_bench import Script, inspection

AT = datetime(2026, 11, 23, 1, 31, tzinfo=UTC)
NO = "2026112322001412345678901234"
OTHER_NO = "2026112322001499999999999999"
KNOWN = FileRecords(
    file_id=UUID(int=1),
    claim_id=UUID(int=2),
    claim_no="RF1",
    reason="not_arrived",
    slot="paid_shot",
    source="buyer",
    added_at=AT + timedelta(minutes=30),
    is_live=True,
    buyer="aa",
    contact_hash=b"\1" * 32,
    order_no="KM1234567890",
    rail="alipay",
    rail_trade_no=NO,
    rail_order_no="PKM1234567890",
    merchant="极速卡商",
    currency="CNY",
    paid_minor=128_00,
    order_state="paid",
    paid_at=AT,
    paid_precision="second",
    delivered_at=AT + timedelta(minutes=5),
    delivered_precision="minute",
    delivery_state="delivered",
    title="英雄点券",
    account_sealed=b"10086001",
    account_differs=False,
    platform_name="卡门",
    platform_name_en="Kamen",
    payee_names=(),
    usage_state=None,
    code=None,
    atlas_version=None,
)

SILENT, PLAIN = RailSaid(), Extra()


def judge(
    fields: dict[str, str], known: FileRecords = KNOWN, *, said: RailSaid = SILENT, uses: tuple[OtherUse, ...] = ()
) -> Inspection:
    found = inspection(Script(fields=fields))
    expected = expected_of(known, open_account=bytes.decode)
    records = records_of(known, open_account=bytes.decode)
    return judged(found, known, expected=expected, records=records, said=said, uses=uses)


def reuse(
    kind: KeyKind,
    *,
    side: Side = Side.TAKEN,
    same_buyer: bool = False,
    is_refunded: bool = False,
    is_proven: bool = True,
) -> OtherUse:
    one = Reuse(
        kind=kind,
        side=side,
        claim_id=UUID(int=9),
        claim_no="RF9",
        same_buyer=same_buyer,
        added_at=AT,
        is_proven=is_proven,
    )
    return OtherUse(reuse=one, is_refunded=is_refunded)


# -------------------------------------------------------------------------------------------------------------- records


def test_each_record_says_whose_it_is() -> None:
    records = records_of(KNOWN, open_account=bytes.decode)
    assert records[ORDER].order_no == "KM1234567890"
    assert records[PAYMENT].order_no == "PKM1234567890", "the number under which the rail knows the order"
    assert (records[PAYMENT].trade_no, records[PAYMENT].amount, records[PAYMENT].paid_at) == (NO, "128.00", AT)
    assert records[ORDER].account == "10086001"
    assert records[PLATFORM].status == StatusCode.DELIVERED
    assert records[PLATFORM].delivered_at == AT + timedelta(minutes=5)
    merged = expected_of(KNOWN, open_account=bytes.decode)
    assert (merged.order_no, merged.trade_no, merged.uploaded_at) == ("KM1234567890", NO, KNOWN.added_at)


@pytest.mark.parametrize("precision", ["day", "not_after"])
def test_a_time_that_is_only_roughly_known_is_no_record(precision: str) -> None:
    known = structs.replace(KNOWN, paid_precision=precision, delivered_precision=precision)
    records = records_of(known, open_account=bytes.decode)
    assert records[PAYMENT].paid_at is None
    assert records[PLATFORM].delivered_at is None


def test_what_is_not_yuan_not_paid_or_not_known_is_left_out() -> None:
    abroad = records_of(structs.replace(KNOWN, currency="USD"), open_account=bytes.decode)
    assert abroad[PAYMENT].amount is None
    unpaid = records_of(structs.replace(KNOWN, order_state="unpaid", paid_at=None), open_account=bytes.decode)
    assert (unpaid[PAYMENT].amount, unpaid[PAYMENT].status) == (None, None)
    bare = records_of(
        structs.replace(KNOWN, rail_trade_no="", rail_order_no="", account_sealed=None), open_account=bytes.decode
    )
    assert (bare[PAYMENT].trade_no, bare[PAYMENT].order_no, bare[ORDER].account) == (None, None, None)


def test_a_payee_is_compared_only_when_the_platform_has_said_under_which_names_it_is_paid() -> None:
    assert records_of(KNOWN, open_account=bytes.decode)[ORDER].payee is None
    named = structs.replace(KNOWN, payee_names=("杭州卡门网络科技有限公司", "a|b"))
    assert (
        records_of(named, open_account=bytes.decode)[ORDER].payee == "杭州卡门网络科技有限公司|a b|极速卡商|卡门|Kamen"
    )


def test_only_what_the_rail_really_said_becomes_a_record() -> None:
    paid = Paid(trade_no=NO, amount=Money(128_00), paid_at=AT, status=StatusCode.REFUNDED)
    assert rail_record(paid) == Expected(trade_no=NO, amount="128.00", paid_at=AT, status="refunded")
    assert rail_record(NotOurs()) is None
    assert rail_record(Unknown("timeout")) is None


# -------------------------------------------------------------------------------------------------------------- judging


@pytest.mark.parametrize(
    ("rail", "page", "asked"),
    [
        ("alipay", "alipay_bill", "alipay"),
        ("alipay", "wechat_bill", "wechatpay"),
        ("wechatpay", "platform_order", "wechatpay"),
        ("epay", "alipay_bill", "epay"),
        ("sandbox", "wechat_bill", "sandbox"),
    ],
)
def test_the_rail_whose_bill_it_is_is_asked(rail: str, page: str, asked: str) -> None:
    assert rail_to_ask(structs.replace(KNOWN, rail=rail), page) == asked


def test_only_a_number_that_is_not_the_order_s_own_is_asked_about() -> None:
    assert trade_no_to_ask(inspection(Script(fields={"trade_no": NO})), KNOWN) is None
    assert trade_no_to_ask(inspection(Script(fields={"trade_no": OTHER_NO})), KNOWN) == OTHER_NO
    assert trade_no_to_ask(inspection(Script()), KNOWN) is None


def test_the_rail_s_word_outweighs_ours_on_its_own_bill() -> None:
    said = RailSaid(own=Paid(trade_no=NO, amount=Money(100_00), paid_at=AT, status=StatusCode.PAID))
    assert judge({"trade_no": NO, "amount": "128.00"}, said=said).verdict is Verdict.CONTRADICTED
    assert judge({"trade_no": NO, "amount": "100.00"}, said=said).verdict is Verdict.CONSISTENT


def test_a_refund_elsewhere_is_said_as_such() -> None:
    known = structs.replace(KNOWN, rail_trade_no="")
    used = judge({"trade_no": OTHER_NO}, known, uses=(reuse(KeyKind.TRADE_NO),))
    refunded = judge({"trade_no": OTHER_NO}, known, uses=(reuse(KeyKind.TRADE_NO, is_refunded=True),))
    assert used.reasons == ("contradicts_trade_no_used",)
    assert refunded.reasons == ("contradicts_trade_no_refunded",)


def test_a_payment_in_two_claims_that_no_record_gives_to_either_waits_for_a_person() -> None:
    known = structs.replace(KNOWN, rail_trade_no="")
    shown = {"trade_no": OTHER_NO, "order_no": known.rail_order_no}
    contested = judge(shown, known, uses=(reuse(KeyKind.TRADE_NO, is_proven=False),))
    assert judge(shown, known).verdict is Verdict.CONSISTENT
    assert (contested.verdict, contested.reasons) == (Verdict.UNVERIFIABLE, ("not_identified",))


@pytest.mark.parametrize(
    ("kind", "slot", "over", "verdict"),
    [
        (KeyKind.ORIGINAL, SlotCode.PAID_SHOT, {}, Verdict.CONTRADICTED),
        (KeyKind.SHOWN, SlotCode.USAGE_TIME, {}, Verdict.CONTRADICTED),
        (KeyKind.ORIGINAL, SlotCode.DETAIL_PAGE, {}, Verdict.CONSISTENT),
        (KeyKind.ORIGINAL, SlotCode.PAID_SHOT, {"same_buyer": True}, Verdict.CONSISTENT),
        (KeyKind.ORIGINAL, SlotCode.PAID_SHOT, {"side": Side.COPIED}, Verdict.CONSISTENT),
        (KeyKind.NEAR, SlotCode.PAID_SHOT, {}, Verdict.CONSISTENT),
        (KeyKind.PAYMENT, SlotCode.PAID_SHOT, {}, Verdict.CONSISTENT),
        (KeyKind.ORDER_NO, SlotCode.PAID_SHOT, {}, Verdict.CONSISTENT),
        (KeyKind.TRADE_NO, SlotCode.PAID_SHOT, {"side": Side.COPIED}, Verdict.CONSISTENT),
        (KeyKind.TRADE_NO, SlotCode.PAID_SHOT, {"same_buyer": True}, Verdict.CONSISTENT),
    ],
)
def test_only_what_two_buyers_cannot_both_have_made_convicts(
    kind: KeyKind, slot: SlotCode, over: dict[str, object], verdict: Verdict
) -> None:
    known = structs.replace(KNOWN, slot=slot.value)
    found = judge({"trade_no": NO}, known, uses=(reuse(kind, **over),))  # pyright: ignore[reportArgumentType] - keywords
    assert found.verdict is verdict
    assert [check.expected for check in found.checks if check.name in CLAIM_CHECKS] == ["RF9"]


def test_a_buyer_who_must_show_a_code_is_asked_again_without_one_in_any_slot() -> None:
    restricted = structs.replace(KNOWN, is_code_demanded=True)
    assert judge({"trade_no": NO}, restricted).reasons == ("missing_code",)
    given = structs.replace(restricted, code="A7C9E4")
    assert judge({"trade_no": NO, "code": "A7C9E4"}, given).verdict is Verdict.CONSISTENT


def test_every_check_of_other_claims_has_words_in_both_languages() -> None:
    for lang in Lang:
        missing = [
            name for name in (*CLAIM_CHECKS, "paid_to_us") if f"evidence_checks.check.{name}.name" not in words(lang)
        ]
        assert missing == []
        assert "evidence_checks.note.other_code" in words(lang)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_step_and_every_problem_has_words(lang: Lang) -> None:
    keys = [f"evidence_verification.{group}.{step}" for group in ("step", "step_hint") for step in Step]
    keys += [f"evidence_verification.{group}.{problem}" for group in ("problem", "problem_next") for problem in Problem]
    assert [key for key in keys if key not in words(lang)] == []


# ------------------------------------------------------------------------------------------------------- who reads what


def done(result: Inspection, *, extra: Extra = PLAIN, state: Step = Step.DONE) -> FileInspection:
    return FileInspection(
        file_id=UUID(int=1),
        claim_id=UUID(int=2),
        slot="paid_shot",
        state=state,
        attempts=1,
        received_at=AT,
        reading_at=AT,
        checking_at=AT,
        finished_at=AT,
        verdict=result.verdict if state is Step.DONE else None,
        page=result.page,
        reasons=result.reasons,
        signals=("glyph_profile",),
        problem=None,
        is_paid_by_rail=False,
        pipeline="1",
        atlas_version=1,
        profile="1080-light",
        result=Result(inspection=result, extra=extra),
    )


def test_a_buyer_reads_nothing_of_other_claims_and_nothing_that_teaches_a_forger() -> None:
    use = reuse(KeyKind.ORIGINAL)
    full = judge({"trade_no": NO, "amount": "1.00"}, uses=(use,))
    box = Box(x=0, y=0, width=1, height=1)
    full = structs.replace(
        full,
        findings=(Finding(signal="glyph_profile", score=2.0, limit=1.0, boxes=(box,)),),
        lines=(Line(text="secret line", score=1.0, box=box, quad=()),),
    )
    seen = for_buyer(done(full, extra=Extra(reuses=(use.reuse,), frames=(full,), frame_seconds=(1.0,))))
    assert seen.result is not None
    assert seen.result.extra.reuses == ()
    assert "contradicts_amount" in seen.reasons
    for word in ("RF9", "glyph_profile", "original_reused", "secret line"):
        assert word not in repr(seen)
    assert [check.name for check in seen.result.inspection.checks if check.verdict is CheckVerdict.CONTRADICTS]


def test_a_reason_that_only_staff_may_read_leaves_the_buyer_with_a_plain_one() -> None:
    full = judge({"trade_no": NO}, uses=(reuse(KeyKind.ORIGINAL),))
    assert full.reasons == ("contradicts_original_reused",)
    assert for_buyer(done(full)).reasons == ("not_identified",)


def test_a_claim_s_files_are_counted_by_how_they_stand() -> None:
    good, bad = judge({"trade_no": NO}), judge({"trade_no": NO, "amount": "1.00"})
    files = [done(good), done(bad), done(bad), done(good, state=Step.READING), done(good, state=Step.REFUSED)]
    counted = summary(files)
    assert counted == ClaimSummary(consistent=1, contradicted=2, under_way=1, refused=1)
    assert counted.total == 5


# -------------------------------------------------------------------------------------------------------------- sealing


def test_a_sealed_result_opens_for_its_own_file_only(keyring: Keyring) -> None:
    result = Result(inspection=judge({"account": "13812345678"}))
    sealed = sealing.seal_result(keyring, result, platform_id=1, file_id=UUID(int=1))
    assert b"13812345678" not in sealed
    assert sealing.open_result(keyring, sealed, platform_id=1, file_id=UUID(int=1)) == result
    for platform_id, file_id in ((2, UUID(int=1)), (1, UUID(int=2))):
        with pytest.raises(InvalidTag):
            sealing.open_result(keyring, sealed, platform_id=platform_id, file_id=file_id)


def test_what_is_kept_of_a_picture_is_bounded_and_never_costs_a_field_or_a_finding(keyring: Keyring) -> None:
    box = Box(x=0, y=0, width=1, height=1)
    proof = GlyphProof(
        char="8", box=box, distance=1.0, raster="A" * 100_000, reference="B" * 100_000, profile=(), reference_profile=()
    )
    findings = tuple(
        Finding(signal=f"s{n}", score=2.0, limit=1.0, boxes=(box,), glyphs=(proof,) * 40) for n in range(6)
    )
    lines = (Line(text="x" * 80, score=1.0, box=box, quad=()),) * 5_000
    huge = structs.replace(judge({"trade_no": NO}), findings=findings, lines=lines)
    sealed = sealing.seal_result(keyring, Result(inspection=huge), platform_id=1, file_id=UUID(int=1))
    assert len(sealed) < sealing.RESULT_BYTES_MAX
    kept = sealing.open_result(keyring, sealed, platform_id=1, file_id=UUID(int=1)).inspection
    assert (kept.fields, kept.checks) == (huge.fields, huge.checks)
    assert [finding.signal for finding in kept.findings] == [f"s{n}" for n in range(6)]
    few = sealing.bounded(Result(inspection=structs.replace(huge, findings=findings[:1])))
    assert len(few.inspection.lines) == sealing.LINES_KEPT_MAX
    assert len(few.inspection.findings[0].glyphs) == sealing.GLYPHS_KEPT_MAX


# --------------------------------------------------------------------------------------------------------------- frames


def frame(page: str, missing: tuple[str, ...] = (), problems: tuple[str, ...] = (), **fields: str) -> Inspection:
    return inspection(Script(page=page, fields=fields, missing=missing, problems=problems))


def test_scenes_of_one_page_complete_each_other() -> None:
    top = frame("alipay_bill", ("trade_no",), amount="128.00", title="账单详情")
    bottom = frame("alipay_bill", ("amount",), ("title_cut",), trade_no=NO)
    other = frame("membership", level="5")
    whole = summed((other, top, bottom))
    assert (whole.page, whole.missing, whole.quality.problems) == ("alipay_bill", (), ())
    assert {field.name.value: field.value for field in whole.fields} == {
        "amount": "128.00",
        "title": "账单详情",
        "trade_no": NO,
    }


def test_a_value_that_scenes_disagree_about_is_left_out_but_a_clock_may_move_on() -> None:
    first = frame("alipay_bill", amount="128.00", clock="09:31", trade_no=NO)
    second = frame("alipay_bill", amount="123.00", clock="09:32", trade_no=NO)
    read = {field.name for field in summed((first, second)).fields}
    assert read == {FieldName.TRADE_NO, FieldName.CLOCK}


def test_a_video_of_nothing_known_is_the_sum_of_nothing_known() -> None:
    assert summed((frame("unknown"), frame("unknown"))).page == "unknown"


def test_checks_keep_their_two_values() -> None:
    found = judge({"trade_no": NO, "amount": "1.00"})
    (amount,) = [check for check in found.checks if check.name == "amount" and check.source == "payment"]
    assert amount == Check(
        name="amount",
        source="payment",
        expected="128.00",
        found="1.00",
        verdict=CheckVerdict.CONTRADICTS,
        field=FieldName.AMOUNT,
    )
