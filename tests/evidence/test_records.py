"""What the platform already knows is attached by itself, says only what the records prove, and can be repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence import reads
from huiliu.evidence.actions import attach_platform_facts, remove_note
from huiliu.evidence.errors import AlreadySubmitted
from huiliu.evidence.model import WORDS_MAX
from huiliu.evidence.records import PlatformFacts, UsageRecord, note_words, records, slots_filled, words
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from tests.conftest import NOW
from tests.evidence.test_actions import journal

PAID_AT = datetime(2026, 11, 20, 6, 3, 22, tzinfo=UTC)  # 14:03:22 in Shanghai

WAITING = PlatformFacts(
    order_no="KM20261120001",
    product="英雄点券 1000 直充",
    promise="下单后 10 分钟内到账",
    rail="wechatpay",
    rail_trade_no="4200008831",
    paid=Money(100_00),
    ordered_at=PAID_AT - timedelta(minutes=1),
    paid_at=PAID_AT,
    delivery_state="failed",
    delivery_note="上游超时",
    account_used="138****5679",
    account_described="138****5678",
    account_differs=True,
)
DELIVERED = msgspec.structs.replace(
    WAITING, delivery_state="delivered", delivered_at=PAID_AT + timedelta(hours=2, minutes=17), delivery_note=""
)
USED = UsageRecord(
    state="part_used",
    source="平台发货系统",
    observed_at=NOW,
    units_total=30,
    units_used=3,
    unit="day",
    record_ref="LOG-1",
)


def said(known: PlatformFacts, lang: Lang = Lang.ZH, *, now: datetime = NOW) -> dict[str, str]:
    return {record.slot.value: words(lang, record.facts) for record in records(known, now=now)}


def test_an_order_that_never_arrived_proves_payment_failure_and_waiting() -> None:
    assert said(WAITING, now=PAID_AT + timedelta(days=1, hours=2)) == {
        "detail_page": "平台订单记录：订单 KM20261120001，下单时间 2026年11月20日 14:02:22。"
        "下单时的商品页面：“英雄点券 1000 直充”，承诺内容：下单后 10 分钟内到账",
        "paid_shot": "平台支付记录：2026年11月20日 14:03:22 通过微信支付支付 ¥100.00，支付成功，交易单号 4200008831。",
        "not_arrived_shot": "平台交付记录：订单 KM20261120001 当前为“充值失败”，尚未到账。备注：上游超时",
        "time_gap": "时间差：2026年11月20日 14:03:22 支付，截至 2026年11月21日 16:03 仍未到账，已等待 1 天 1 小时。",
        "account_compare": "账号比对：下单填写 138****5678，实际充值 138****5679，两者不一致。",
    }


def test_a_delivered_order_proves_opening_and_never_non_arrival() -> None:
    told = said(DELIVERED)
    assert "not_arrived_shot" not in told
    assert told["opening_record"] == "平台交付记录：订单 KM20261120001 于 2026年11月20日 16:20:22 完成交付。"
    assert "相隔 2 小时 17 分钟" in told["time_gap"]
    assert "2 h 17 min apart" in said(DELIVERED, Lang.EN)["time_gap"]


@pytest.mark.parametrize(
    ("paid", "delivered", "wanted"),
    [
        ("second", "minute", "相隔 2 小时"),
        ("day", "second", "相隔约"),
        ("second", "day", "相隔约"),
        ("not_after", "second", "至少相隔"),
        ("second", "not_after", "最多相隔"),
    ],
)
def test_a_gap_is_never_called_more_exact_than_its_times(paid: str, delivered: str, wanted: str) -> None:
    known = msgspec.structs.replace(DELIVERED, paid_precision=paid, delivered_precision=delivered)
    assert wanted in said(known)["time_gap"]


def test_two_latest_times_or_times_in_the_wrong_order_prove_no_gap() -> None:
    vague = msgspec.structs.replace(DELIVERED, paid_precision="not_after", delivered_precision="not_after")
    backwards = msgspec.structs.replace(DELIVERED, delivered_at=PAID_AT - timedelta(hours=1))
    assert "time_gap" not in said(vague)
    assert "time_gap" not in said(backwards)


def test_an_unpaid_or_unknown_order_proves_nothing_it_does_not_know() -> None:
    bare = msgspec.structs.replace(
        WAITING, paid_at=None, delivery_state="unknown", promise="", account_used="", rail_trade_no=""
    )
    assert set(said(bare)) == {"other"}


def test_use_is_proved_only_by_a_record_and_non_use_lifts_the_platform_check() -> None:
    def with_usage(usage: UsageRecord) -> dict[str, str]:
        return said(msgspec.structs.replace(DELIVERED, usage=usage))

    used = with_usage(USED)
    assert used["usage_time"].endswith("部分使用，共 30 天，已用 3 天。")
    assert "LOG-1" in used["platform_proof"]
    assert "platform_check" not in used
    assert "platform_proof" not in with_usage(msgspec.structs.replace(USED, record_ref=""))
    unused = with_usage(msgspec.structs.replace(USED, state="unused", units_used=0))
    assert "未使用" in unused["usage_time"]
    assert "没有该商品的使用记录" in unused["platform_check"]
    assert "platform_proof" not in unused
    plain = with_usage(msgspec.structs.replace(USED, units_total=None, units_used=None))
    assert plain["usage_time"].endswith("部分使用。")


async def test_records_fill_the_slots_and_show_in_both_languages(tx: Tx, claim_id: UUID) -> None:
    filled = await attach_platform_facts(tx, claim_id, round=1, known=WAITING)
    assert set(filled) == set(said(WAITING)) == slots_filled(WAITING, now=NOW) == await reads.have(tx, claim_id)
    (view, *_) = await reads.slots_for(tx, claim_id, required=("paid_shot",), optional=())
    assert (view.complete, view.supplied_by_platform, view.notes[0].by_name) == (True, True, "平台自动取证")
    assert view.notes[0].is_intact
    assert note_words(Lang.ZH, view.notes[0]) == view.notes[0].words
    assert note_words(Lang.EN, view.notes[0]).startswith("Platform's payment record: ¥100.00 paid by WeChat Pay")


async def test_attaching_again_changes_nothing(tx: Tx, claim_id: UUID) -> None:
    await attach_platform_facts(tx, claim_id, round=1, known=DELIVERED)
    before, lines = await reads.live_notes(tx, claim_id), await journal(tx, claim_id)
    await attach_platform_facts(tx, claim_id, round=2, known=DELIVERED)
    assert await reads.live_notes(tx, claim_id) == before
    assert await journal(tx, claim_id) == lines


async def test_what_the_records_no_longer_say_is_retired(tx: Tx, claim_id: UUID) -> None:
    await attach_platform_facts(tx, claim_id, round=1, known=WAITING)
    await attach_platform_facts(tx, claim_id, round=1, known=DELIVERED)
    assert "not_arrived_shot" not in await reads.have(tx, claim_id)
    assert "opening_record" in await reads.have(tx, claim_id)
    removed = [line.body for line in await journal(tx, claim_id) if line.kind == "evidence.removed"]
    assert len(removed) == 2  # non-arrival, and the gap so far


async def test_nobody_removes_what_the_records_say(tx: Tx, claim_id: UUID) -> None:
    await attach_platform_facts(tx, claim_id, round=1, known=WAITING)
    note = (await reads.live_notes(tx, claim_id))[0]
    with pytest.raises(AlreadySubmitted):
        await remove_note(tx, claim_id, note_id=note.id)


async def test_the_longest_and_oddest_promise_still_fits(tx: Tx, claim_id: UUID) -> None:
    odd = '"\\\n{order_no}{' * 300
    known = msgspec.structs.replace(WAITING, promise=odd, product=odd, delivery_note=odd)
    await attach_platform_facts(replace(tx, now=NOW), claim_id, round=1, known=known)
    (view, *_) = await reads.slots_for(tx, claim_id, required=("detail_page",), optional=())
    assert len(view.notes[0].words) <= WORDS_MAX
    assert "{order_no}" in view.notes[0].words


@given(
    st.builds(
        PlatformFacts,
        order_no=st.text(min_size=1, max_size=64),
        product=st.text(max_size=300),
        promise=st.text(max_size=4000),
        rail=st.sampled_from(["wechatpay", "sandbox", "unheard-of"]),
        rail_trade_no=st.text(max_size=40),
        paid=st.builds(Money, st.integers(0, 10**9)),
        ordered_at=st.just(PAID_AT),
        paid_at=st.none() | st.just(PAID_AT),
        paid_precision=st.sampled_from(["second", "minute", "day", "not_after"]),
        delivery_state=st.sampled_from(["pending", "processing", "delivered", "failed", "unknown"]),
        delivery_note=st.text(max_size=500),
        delivered_at=st.none() | st.just(PAID_AT + timedelta(days=40)),
        delivered_precision=st.sampled_from(["second", "minute", "day", "not_after"]),
        usage=st.none() | st.just(USED),
    )
)
def test_every_record_can_be_said_in_both_languages_and_written_down(known: PlatformFacts) -> None:
    for record in records(known, now=NOW):
        for lang in Lang:
            assert 1 <= len(words(lang, record.facts)) <= WORDS_MAX
        assert len(msgspec.json.encode(record.facts).decode()) <= 20_000
