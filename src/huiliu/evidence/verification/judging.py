"""The verdict on a file from what was read, what the records say, and who else showed the same. Pure.

The inspecting process compares with what the database knows; here the rail's own word and other claims join, and the
checks of every source are made anew, so that each says whose record it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import structs

from huiliu.evidence.checks.compare import BILLS, UsedElsewhere, compare
from huiliu.evidence.checks.verdict import decide
from huiliu.evidence.inspection.model import Check, CheckVerdict, Expected, FieldName, Inspection, Verdict
from huiliu.evidence.reuse.keys import KeyKind
from huiliu.evidence.reuse.verdict import Reuse, Side
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.verification.model import CLAIMS_SOURCE, NOT_IDENTIFIED
from huiliu.evidence.verification.payments import Answer, NotOurs, Paid
from huiliu.evidence.verification.records import RAIL, FileRecords, rail_record

PERSONAL_SLOTS = frozenset(
    {
        SlotCode.PAID_SHOT,
        SlotCode.NOT_ARRIVED_SHOT,
        SlotCode.TIME_GAP,
        SlotCode.OPENING_RECORD,
        SlotCode.USAGE_TIME,
        SlotCode.PLATFORM_CHECK,
        SlotCode.ACCOUNT_COMPARE,
    }
)
"""Slots whose pictures show one buyer's own payment or account. A product's page may be everybody's."""
SURE_KINDS = frozenset({KeyKind.ORIGINAL, KeyKind.SHOWN})
"""Beside the trade number, what two buyers cannot both have made. Equal amounts and like pictures only raise a question."""
PAYMENT_RAILS: Mapping[str, str] = {"alipay_bill": "alipay", "wechat_bill": "wechatpay"}
UNANSWERED, OTHER_CODE = "unanswered", "other_code"


class RailSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the rail answered: about the order's own payment, and about another number that the picture shows."""

    own: Answer | None = None
    shown: Answer | None = None

    @property
    def is_paid(self) -> bool:
        """The rail itself confirms the order's payment."""
        return isinstance(self.own, Paid)


class OtherUse(msgspec.Struct, frozen=True, kw_only=True):
    """A re-use finding, and whether the other claim was refunded."""

    reuse: Reuse
    is_refunded: bool = False


def rail_to_ask(known: FileRecords, page: str) -> str:
    """The rail whose bill the picture shows; an order paid through somebody else's counter is asked about there."""
    shown = PAYMENT_RAILS.get(page)
    return shown if shown is not None and known.rail in PAYMENT_RAILS.values() else known.rail


def trade_no_to_ask(inspection: Inspection, known: FileRecords) -> str | None:
    """A trade number in the picture that is not the order's own."""
    found = inspection.field(FieldName.TRADE_NO)
    return None if found is None or found.value == known.rail_trade_no else found.value


def judged(
    inspection: Inspection,
    known: FileRecords,
    *,
    expected: Expected,
    records: Mapping[str, Expected],
    said: RailSaid,
    uses: Sequence[OtherUse],
) -> Inspection:
    """The inspection with every check there is, and the verdict that follows from them."""
    by_rail = None if said.own is None else rail_record(said.own)
    every = {**records, **({} if by_rail is None else {RAIL: by_rail})}
    trade_no = inspection.field(FieldName.TRADE_NO)
    checks = compare(
        inspection.fields,
        Expected(uploaded_at=expected.uploaded_at, code=expected.code),
        page=inspection.page,
        records=every,
        used_trade_no=None if trade_no is None else _used(uses, trade_no.value),
        taken_at=inspection.container.taken_at,
        disputed=known.disputed,
    )
    checks = (*map(_another_code, checks), *_not_ours(inspection, said), *_reuse_checks(uses, known))
    missing = inspection.missing
    if known.wants_code and not _shows_code(checks) and FieldName.CODE not in missing:
        missing = (*missing, FieldName.CODE)
    verdict, reasons = decide(
        inspection.quality,
        inspection.page,
        fields=inspection.fields,
        missing=missing,
        checks=checks,
        findings=inspection.findings,
        atlas_state=inspection.atlas,
    )
    if verdict is Verdict.CONSISTENT and any(_is_taken_trade(use.reuse) and not use.reuse.is_proven for use in uses):
        # Two buyers show one payment and no record says whose it is: a person decides, and the faster one is not right.
        verdict, reasons = Verdict.UNVERIFIABLE, (NOT_IDENTIFIED,)
    return structs.replace(inspection, checks=checks, missing=missing, verdict=verdict, reasons=reasons)


def _another_code(check: Check) -> Check:
    """An expired code, or one of another claim, is a reason to ask again and no lie."""
    if check.field is not FieldName.CODE or check.verdict is not CheckVerdict.CONTRADICTS:
        return check
    return structs.replace(check, verdict=CheckVerdict.UNKNOWN, note=OTHER_CODE)


def _shows_code(checks: Sequence[Check]) -> bool:
    return any(check.field is FieldName.CODE and check.verdict is CheckVerdict.AGREES for check in checks)


def _used(uses: Sequence[OtherUse], trade_no: str) -> UsedElsewhere | None:
    """Another buyer's claim whose own payment this trade number is. The owner of a payment is never blamed for it."""
    for use in uses:
        reuse = use.reuse
        if _is_taken_trade(reuse) and reuse.is_proven:
            return UsedElsewhere(trade_no=trade_no, claim_no=reuse.claim_no, is_refunded=use.is_refunded)
    return None


def _is_taken_trade(reuse: Reuse) -> bool:
    return reuse.kind is KeyKind.TRADE_NO and reuse.side is Side.TAKEN and not reuse.same_buyer


def _not_ours(inspection: Inspection, said: RailSaid) -> Iterator[Check]:
    """不是我们的收款: the rail was never paid to us under the number that a bill shows."""
    found = inspection.field(FieldName.TRADE_NO)
    if found is None or said.shown is None or inspection.page not in BILLS:
        return
    is_foreign = isinstance(said.shown, NotOurs)
    is_ours = isinstance(said.shown, Paid)
    yield Check(
        name="paid_to_us",
        source=RAIL,
        expected="",
        found=found.value,
        verdict=CheckVerdict.CONTRADICTS if is_foreign else CheckVerdict.AGREES if is_ours else CheckVerdict.UNKNOWN,
        field=FieldName.TRADE_NO,
        note="" if is_foreign or is_ours else UNANSWERED,
    )


def _reuse_checks(uses: Sequence[OtherUse], known: FileRecords) -> Iterator[Check]:
    for use in uses:
        reuse = use.reuse
        if _is_taken_trade(reuse) and reuse.is_proven:
            continue  # compare says it
        is_sure = (
            reuse.kind in SURE_KINDS
            and reuse.side is Side.TAKEN
            and not reuse.same_buyer
            and known.slot in PERSONAL_SLOTS
        )
        yield Check(
            name=f"{reuse.kind.value}_reused",
            source=CLAIMS_SOURCE,
            expected=reuse.claim_no,
            found="",
            verdict=CheckVerdict.CONTRADICTS if is_sure else CheckVerdict.UNKNOWN,
            note="same_buyer" if reuse.same_buyer else reuse.side.value,
        )
