"""The verdict's table, tried over every small combination."""

from __future__ import annotations

from itertools import product

import pytest

from huiliu.evidence.checks.verdict import CONFIDENT_SCORE, decide
from huiliu.evidence.inspection.model import Box, Check, CheckVerdict, FieldName, Finding, Verdict
from tests.evidence.checks.made import BLURRED, CLEAR, read

AGREES, CONTRADICTS, UNKNOWN = CheckVerdict
FINDING = Finding(signal="glyph_profile", score=2.0, limit=1.0, boxes=(Box(0, 0, 1, 1),))
HINT = Finding(signal="editor_traces", score=1.0, limit=0.5, boxes=(), note="Snapseed")
SURE = CONFIDENT_SCORE + 0.1
UNSURE = CONFIDENT_SCORE - 0.1


def check(name: str, verdict: CheckVerdict, *, source: str = "order", note: str = "") -> Check:
    """A check of a field of its own name, or of no field."""
    field = FieldName(name) if name in set(FieldName) else None
    return Check(name=name, source=source, expected="a", found="b", verdict=verdict, field=field, note=note)


ALL = list(
    product(
        (CLEAR, BLURRED),
        ("alipay_bill", "unknown"),
        ((), (FieldName.AMOUNT,)),
        (
            (),
            *((check(name, verdict),) for name in ("order_no", "amount") for verdict in CheckVerdict),
            (check("amount", AGREES), check("paid_at", AGREES)),
            (check("amount", AGREES), check("paid_at", AGREES, note="coarse")),
            (check("order_no", AGREES), check("amount", CONTRADICTS)),
            (check("order_no", AGREES, source="page"),),
            (check("order_no", AGREES, note="masked"),),
        ),
        ((), (FINDING,), (HINT,), (HINT, FINDING)),
        ("none", "unknown_profile", "compared"),
        ("", "id_card"),
        (SURE, UNSURE),
    )
)


def test_the_table_holds_over_every_small_combination() -> None:
    seen: set[Verdict] = set()
    for quality, page, missing, checks, findings, atlas, private, score in ALL:
        fields = [read(name, "x", score=score) for name in (FieldName.ORDER_NO, FieldName.AMOUNT, FieldName.PAID_AT)]
        verdict, reasons = decide(
            quality,
            page,
            fields=fields,
            missing=missing,
            checks=checks,
            findings=findings,
            atlas_state=atlas,
            private=private,
        )
        seen.add(verdict)
        contradicts = any(it.verdict is CONTRADICTS for it in checks)
        assert reasons, "a verdict always has a reason"
        # The promise that matters most: pixels, blur and gaps never make a contradiction.
        is_sure = score == SURE and quality is CLEAR
        assert (verdict is Verdict.CONTRADICTED) == (contradicts and is_sure and not private)
        if private:
            assert (verdict, reasons) == (Verdict.RETAKE, ("id_card",))
        elif (contradicts and not is_sure) or (
            not contradicts and (quality.problems or (missing and page != "unknown"))
        ):
            assert verdict is Verdict.RETAKE
        if verdict is Verdict.CONSISTENT:
            assert FINDING not in findings
            assert not missing
            assert not quality.problems
            assert page != "unknown"
            assert any(it.verdict is AGREES and it.source == "order" for it in checks)
    assert seen == set(Verdict)


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ((), Verdict.UNVERIFIABLE),
        ((check("order_no", AGREES),), Verdict.CONSISTENT),
        ((check("trade_no", AGREES, source="rail"),), Verdict.CONSISTENT),
        ((check("amount", AGREES),), Verdict.UNVERIFIABLE),
        ((check("amount", AGREES), check("paid_at", AGREES)), Verdict.CONSISTENT),
        ((check("amount", AGREES), check("paid_at", AGREES, note="coarse")), Verdict.UNVERIFIABLE),
        ((check("order_no", AGREES, note="masked"),), Verdict.UNVERIFIABLE),
        ((check("payee", AGREES), check("status", AGREES)), Verdict.UNVERIFIABLE),
        ((check("trade_no_form", AGREES, source="page"),), Verdict.UNVERIFIABLE),
    ],
)
def test_only_what_identifies_the_payment_makes_it_consistent(checks: tuple[Check, ...], verdict: Verdict) -> None:
    assert decide(CLEAR, "alipay_bill", fields=(), missing=(), checks=checks, findings=())[0] is verdict


def test_doubtful_pixels_with_agreeing_checks_wait_for_a_person() -> None:
    told = decide(CLEAR, "alipay_bill", fields=(), missing=(), checks=(check("order_no", AGREES),), findings=(FINDING,))
    assert told == (Verdict.UNVERIFIABLE, ("pixels_doubtful",))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (check("status", AGREES), (Verdict.CONSISTENT, ("records_agree",))),
        (check("status", UNKNOWN, note="no_record"), (Verdict.CONSISTENT, ("records_agree", "status_unconfirmed"))),
        (check("status", UNKNOWN, note="may_change"), (Verdict.UNVERIFIABLE, ("status_differs",))),
    ],
)
def test_a_state_that_no_record_bears_out_is_said_or_waits_for_a_person(
    status: Check, expected: tuple[Verdict, tuple[str, ...]]
) -> None:
    found = (read(FieldName.STATUS, "refunded"),)
    checks = (check("order_no", AGREES), status)
    assert decide(CLEAR, "alipay_bill", fields=found, missing=(), checks=checks, findings=()) == expected


def test_a_state_that_one_of_two_records_bears_out_is_enough() -> None:
    checks = (check("order_no", AGREES), check("status", UNKNOWN, note="may_change"), check("status", AGREES))
    assert decide(CLEAR, "alipay_bill", fields=(), missing=(), checks=checks, findings=())[0] is Verdict.CONSISTENT


def test_what_a_file_says_of_its_past_is_mentioned_and_no_more() -> None:
    agreeing = (check("order_no", AGREES),)
    told = decide(CLEAR, "alipay_bill", fields=(), missing=(), checks=agreeing, findings=(HINT,))
    assert told == (Verdict.CONSISTENT, ("records_agree", "file_hints"))


def test_an_unknown_phone_takes_nothing_from_records_that_agree() -> None:
    told = decide(
        CLEAR,
        "alipay_bill",
        fields=(),
        missing=(),
        checks=(check("order_no", AGREES),),
        findings=(),
        atlas_state="unknown_profile",
    )
    assert told == (Verdict.CONSISTENT, ("records_agree", "unknown_profile"))


def test_every_contradiction_is_named_once() -> None:
    checks = (check("amount", CONTRADICTS), check("amount", CONTRADICTS, source="rail"), check("clock", CONTRADICTS))
    fields = (read(FieldName.AMOUNT, "1"), read(FieldName.CLOCK, "1"))
    told = decide(CLEAR, "alipay_bill", fields=fields, missing=(), checks=checks, findings=())
    assert told == (Verdict.CONTRADICTED, ("contradicts_amount", "contradicts_clock"))


def test_a_contradiction_of_the_file_itself_needs_no_reading() -> None:
    told = decide(CLEAR, "unknown", fields=(), missing=(), checks=(check("taken_at", CONTRADICTS),), findings=())
    assert told[0] is Verdict.CONTRADICTED
