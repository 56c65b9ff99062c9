"""One picture wholly looked at: real models, the real gate, drawn pages."""

from __future__ import annotations

import msgspec
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from huiliu.evidence import errors
from huiliu.evidence.checks.compare import UsedElsewhere
from huiliu.evidence.inspection.marking import marked
from huiliu.evidence.inspection.model import Container, Expected, FieldName, Inspection, Verdict
from huiliu.evidence.inspection.pipeline import Inspector
from tests.evidence.checks.made import contradictions
from tests.evidence.inspection.conftest import TRUE, png
from tests.evidence.reading.pages import ALIPAY_ROWS, FONT, TRADE_NO, drawn, picture

STEPS = {"gate", "look", "read", "check", "forgery", "total"}


def test_a_true_bill_is_consistent_with_its_fields_boxes_and_timings(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn()), TRUE)
    assert (found.verdict, found.page, found.missing) == (Verdict.CONSISTENT, "alipay_bill", ())
    assert "records_agree" in found.reasons
    assert contradictions(found.checks) == []
    amount = found.field(FieldName.AMOUNT)
    assert amount is not None
    assert (amount.value, amount.box.width > 0) == ("128.00", True)
    assert set(found.timings) == STEPS
    assert found.timings["total"] >= found.timings["read"] > 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"amount": "128.01"}, "contradicts_amount"),
        ({"trade_no": TRADE_NO[:-1] + "0"}, "contradicts_trade_no"),
        ({"payee": "星卡商行"}, "contradicts_payee"),
    ],
)
def test_a_bill_that_differs_from_the_record_is_contradicted(
    changed: dict[str, str], named: str, inspector: Inspector
) -> None:
    found = inspector.inspect(png(drawn()), msgspec.structs.replace(TRUE, **changed))
    assert (found.verdict, found.reasons) == (Verdict.CONTRADICTED, (named,))


def test_without_records_nothing_can_be_verified(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn()))
    assert found.verdict is Verdict.UNVERIFIABLE
    assert found.reasons[0] == "nothing_to_compare"


def test_a_blurred_picture_is_to_be_taken_again(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn().filter(ImageFilter.GaussianBlur(6))), TRUE)
    assert found.verdict is Verdict.RETAKE
    assert "blurred" in found.reasons


def test_a_missing_row_is_named(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn([row for row in ALIPAY_ROWS if row[1] != TRADE_NO])), TRUE)
    assert (found.verdict, found.missing) == (Verdict.RETAKE, (FieldName.TRADE_NO,))
    assert "missing_trade_no" in found.reasons


def test_a_blank_picture_is_not_even_read(inspector: Inspector) -> None:
    found = inspector.inspect_picture(picture(Image.new("RGB", (720, 1280), "white")), TRUE)
    assert (found.verdict, found.page, found.lines) == (Verdict.RETAKE, "unknown", ())
    assert "blank" in found.reasons


def test_a_code_that_was_asked_for_and_is_not_there_is_missing(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn()), msgspec.structs.replace(TRUE, code="7K3M9X"))
    assert (found.verdict, FieldName.CODE in found.missing) == (Verdict.RETAKE, True)


def test_a_code_is_found_wherever_it_was_typed(inspector: Inspector) -> None:
    page = drawn([*ALIPAY_ROWS, ("备注", "今天 7K3 M9X 谢谢")])
    found = inspector.inspect(png(page), msgspec.structs.replace(TRUE, code="7K3M9X"))
    code = found.field(FieldName.CODE)
    assert code is not None
    assert (code.value, found.missing, found.verdict) == ("7K3M9X", (), Verdict.CONSISTENT)


def test_a_trade_number_of_another_claim_contradicts(inspector: Inspector) -> None:
    used = UsedElsewhere(trade_no=TRADE_NO, claim_no="RF261120AAAA", is_refunded=True)
    found = inspector.inspect(png(drawn()), TRUE, used=used)
    assert (found.verdict, found.reasons) == (Verdict.CONTRADICTED, ("contradicts_trade_no_refunded",))


def test_the_rails_record_joins_the_comparison(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn()), TRUE, records={"rail": Expected(amount="1.00", status="NOTPAY")})
    assert set(contradictions(found.checks)) == {"amount", "status"}


def test_flags_of_the_upload_join_those_of_the_file(inspector: Inspector) -> None:
    found = inspector.inspect(png(drawn()) + b"PK\x03\x04" + b"\0" * 60, TRUE, upload_flags=("wrong_extension",))
    assert "wrong_extension" in found.container.flags
    assert len(found.container.flags) == len(set(found.container.flags))


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", errors.EmptyFile),
        (b"%PDF-1.7", errors.DocumentFile),
        (png(drawn())[:9000], errors.BrokenPicture),
        (b"<svg/>", errors.ActiveContent),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, refusal: type[Exception], inspector: Inspector) -> None:
    with pytest.raises(refusal):
        inspector.inspect(data, TRUE)


def test_two_calls_know_nothing_of_each_other(inspector: Inspector) -> None:
    first = inspector.inspect(png(drawn()), TRUE)
    inspector.inspect(png(drawn(amount="-99.00")), msgspec.structs.replace(TRUE, amount="1.00"))
    again = inspector.inspect(png(drawn()), TRUE)
    bare = {"timings": dict[str, float]()}
    assert msgspec.structs.replace(first, **bare) == msgspec.structs.replace(again, **bare)


# -------------------------------------------------------------------------------------------------------------- private

ID_CARD = (
    "姓名 王小明",
    "性别 男 民族 汉",
    "出生 1990年3月7日",
    "住址 杭州市西湖区文三路1号",
    "公民身份号码 11010519491231002X",
)


def id_card() -> Image.Image:
    """A drawn identity card with a number whose check digit is right."""
    card = Image.new("RGB", (1000, 640), "#e8f0f8")
    pen, font = ImageDraw.Draw(card), ImageFont.truetype(FONT, 44, index=2)
    for row, text in enumerate(ID_CARD):
        pen.text((60, 60 + 110 * row), text, font=font, fill="black")
    return card


def test_nothing_of_an_identity_card_comes_back(inspector: Inspector) -> None:
    found = inspector.inspect(png(id_card()), TRUE)
    assert (found.verdict, found.reasons) == (Verdict.RETAKE, ("id_card",))
    assert (found.fields, found.lines, found.checks, found.findings, found.missing) == ((), (), (), (), ())
    assert found.container == Container(media_type="image/png")
    told = msgspec.json.encode(found).decode()
    assert not any(secret in told for secret in ("王小明", "11010519491231002X", "西湖", "1990"))


# -------------------------------------------------------------------------------------------------------------- drawing


def test_a_marked_copy_shows_every_box_in_its_colour(inspector: Inspector) -> None:
    data = png(drawn())
    found = inspector.inspect(data, msgspec.structs.replace(TRUE, amount="1.00"))
    from io import BytesIO

    page = Image.open(BytesIO(marked(picture(drawn()), found))).convert("RGB")
    assert page.size == drawn().size
    assert _colour_beside(page, found, FieldName.AMOUNT) == (185, 28, 28)
    assert _colour_beside(page, found, FieldName.TRADE_NO) == (21, 128, 61)


def _colour_beside(page: Image.Image, found: Inspection, name: FieldName) -> object:
    field = found.field(name)
    assert field is not None
    return page.getpixel((field.box.x - 3, field.box.y + field.box.height // 2))
