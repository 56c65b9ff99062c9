"""Layouts are files: a stranger's page is a file, and a bad file is refused with its place and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiliu.evidence.inspection.model import FieldName, StatusCode
from huiliu.evidence.reading.extract import extract
from huiliu.evidence.reading.forms import Form
from huiliu.evidence.reading.layout import (
    LAYOUT_BYTES_MAX,
    BadLayout,
    FieldLayout,
    Layout,
    Layouts,
    Place,
    load_layouts,
    pages_for_slot,
    parse_layout,
)
from huiliu.evidence.reading.status import status_code
from huiliu.evidence.slots import SlotCode
from huiliu.kit.text import Lang, refusal_words
from tests.evidence.reading.pages import ALIPAY_ROWS, alipay, line, rows

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "evidence-layouts.md"

STAR_WALLET = """
page = "star_wallet"
titles = ["流水详情"]
anchors = ["流水编号", "去向", "入账时刻"]
slots = ["paid_shot"]
required = ["amount", "trade_no", "paid_at"]

[fields.amount]
form = "amount"
labels = ["花费"]

[fields.trade_no]
form = "digits"
labels = ["流水编号"]
lengths = [12]

[fields.paid_at]
form = "instant"
labels = ["入账时刻"]

[fields.status]
form = "status"
labels = ["结果"]

[status]
paid = ["妥了"]
"""


def test_a_new_apps_page_is_a_file_and_no_code(tmp_path: Path, layouts: Layouts) -> None:
    (tmp_path / "star_wallet.toml").write_text(STAR_WALLET, "utf-8")
    known = load_layouts(tmp_path)
    assert set(known) == {*layouts, "star_wallet"}
    lines = [
        line("流水详情", 400, 140),
        *rows([("花费", "¥128.00"), ("流水编号", "123456789012"), ("入账时刻", "2026/11/20 14:03"), ("结果", "妥了")]),
    ]
    found = extract(lines, known)
    assert (found.page, found.missing) == ("star_wallet", ())
    assert found.field(FieldName.TRADE_NO) is not None
    status = found.field(FieldName.STATUS)
    assert status is not None
    assert status.value == StatusCode.PAID
    assert extract(alipay(ALIPAY_ROWS), known).page == "alipay_bill"
    assert extract(lines, layouts).page == "unknown"


def test_the_guide_tells_every_key_form_and_place_and_its_example_loads() -> None:
    guide = GUIDE.read_text("utf-8")
    assert parse_layout(guide.split("```toml")[1].split("```")[0], file="guide").page == "star_wallet"
    keys = [*Layout.__struct_fields__, *FieldLayout.__struct_fields__]
    told = [word for word in (*keys, *Form, *Place, *StatusCode) if f"`{word}" not in guide]
    assert told == ["fields"]


def test_a_file_of_the_same_name_replaces_a_built_in_layout(tmp_path: Path) -> None:
    (tmp_path / "alipay_bill.toml").write_text(STAR_WALLET, "utf-8")
    assert "alipay_bill" not in load_layouts(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('page = "star_wallet"', 'page = "Star Wallet"'), "page"),
        (("lengths = [12]", ""), "lengths"),
        (("lengths = [12]", "lengths = [100000]"), "lengths"),
        (('form = "digits"', 'form = "regex"'), "regex"),
        (('labels = ["花费"]', 'labels = ["花费"]\npattern = "(a+)+"'), "pattern"),
        (('labels = ["花费"]', ""), "labels"),
        (('labels = ["花费"]', 'labels = ["流水编号"]'), "流水编号"),
        (('labels = ["花费"]', 'labels = ["花费"]\nplaces = ["big"]'), "places"),
        (("[fields.amount]", "[fields.shoe_size]"), "shoe_size"),
        (("[fields.amount]", "[fields.clock]"), "clock"),
        (('"trade_no", "paid_at"]', '"trade_no", "payee"]'), "payee"),
        (('slots = ["paid_shot"]', 'slots = ["nowhere"]'), "nowhere"),
        (('paid = ["妥了"]', 'paid = ["妥了"]\nclosed = ["妥了"]'), "妥了"),
        (('paid = ["妥了"]', 'splendid = ["妥了"]'), "splendid"),
        (('labels = ["花费"]', f'labels = ["{"花" * 30}"]'), "labels"),
        (('labels = ["花费"]', "labels = [" + '"a",' * 200 + "]"), "labels"),
        (('page = "star_wallet"', "page = "), "line 2"),
    ],
)
def test_a_bad_layout_is_refused_with_its_place(change: tuple[str, str], told: str) -> None:
    text = STAR_WALLET.replace(*change, 1)
    assert text != STAR_WALLET
    with pytest.raises(BadLayout) as refused:
        parse_layout(text, file="star_wallet.toml")
    assert told in str(refused.value.facts["detail"])
    for lang in Lang:
        assert "star_wallet.toml" in refusal_words(lang, refused.value)[0]


def test_a_layout_file_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_text("#" * (LAYOUT_BYTES_MAX + 1), "utf-8")
    with pytest.raises(BadLayout):
        load_layouts(tmp_path)


def test_a_layout_file_must_be_text(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadLayout):
        load_layouts(tmp_path)


def test_two_files_for_one_page_are_refused(tmp_path: Path) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(STAR_WALLET, "utf-8")
    with pytest.raises(BadLayout):
        load_layouts(tmp_path)


def test_every_slot_for_pictures_has_a_page(layouts: Layouts) -> None:
    without = {SlotCode.UNUSED_DECLARATION, SlotCode.PLATFORM_PROOF}
    assert {slot for slot in SlotCode if not pages_for_slot(slot, layouts)} == without
    assert pages_for_slot(SlotCode.PAID_SHOT, layouts)[:1] == ("alipay_bill",)


def test_every_required_field_can_be_read(layouts: Layouts) -> None:
    for layout in layouts.values():
        assert set(layout.required) <= set(layout.fields)


@pytest.mark.parametrize(
    ("words", "page", "code"),
    [
        ("交易成功", None, StatusCode.PAID),
        ("交易成功", "platform_order", StatusCode.DELIVERED),
        ("paid", None, StatusCode.PAID),
        (" 已全额退款 ", "wechat_bill", StatusCode.REFUNDED),
        ("一切都好", None, StatusCode.UNKNOWN),
    ],
)
def test_words_for_states(words: str, page: str | None, code: StatusCode, layouts: Layouts) -> None:
    assert status_code(words, layout=layouts[page] if page else None) is code
