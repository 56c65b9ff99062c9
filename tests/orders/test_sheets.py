"""Sheets as they come out of Chinese offices: any encoding, any separator, and numbers that Excel has touched."""

import codecs
import csv
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang
from huiliu.orders.cells import BadCell, Cell, identifier_of, minor_of, time_of
from huiliu.orders.mapping import Mapping, parse_mapping
from huiliu.orders.model import (
    ColumnsMissing,
    ColumnTwice,
    FileTooLarge,
    FileUnreadable,
    MappingBad,
    OrderDraft,
    Precision,
    Problem,
)
from huiliu.orders.rejects import RejectFile, problem_words
from huiliu.orders.sheets import Sheet

HEAD = [
    "订单号",
    "商品名称",
    "商品类型",
    "支付方式",
    "实付金额（元）",
    "下单时间",
    "发货状态",
    "手机号",
    "明细行号",
    "明细金额",
]
GOOD = ["KM1", "英雄点券，1000", "直充", "微信支付", "12.34", "2026/11/20 8:05", "已发货", "13812345678", "", ""]


def sheet_text(*rows: list[str], separator: str = ",") -> str:
    """A CSV with the usual headings."""
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows([HEAD, *rows])
    return written.getvalue()


def read(path: Path, mapping: Mapping | None = None) -> tuple[list[OrderDraft], list[Problem]]:
    """Everything in a file."""
    drafts: list[OrderDraft] = []
    problems: list[Problem] = []
    for batch in Sheet(path, mapping or Mapping()).batches():
        drafts += batch.drafts
        problems += batch.problems
    return drafts, problems


def places(problems: list[Problem]) -> list[tuple[int, str, str]]:
    """(row, column, reason_code); each can be said in both languages."""
    assert all(problem_words(lang, problem) for problem in problems for lang in Lang)
    return [(problem.row, problem.column, problem.reason_code) for problem in problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_encoding_and_separator_reads_the_same(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(sheet_text(GOOD, separator=separator).encode(encoding))
    drafts, problems = read(path)
    assert problems == []
    assert (drafts[0].order_no, drafts[0].paid_minor, drafts[0].lines[0].title) == ("KM1", 1234, "英雄点券，1000")
    assert drafts[0].ordered_at == datetime(2026, 11, 20, 8, 5, tzinfo=SHANGHAI)
    assert drafts[0].ordered_precision is Precision.MINUTE


def test_damaged_utf8_is_not_read_as_gbk_gibberish(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(sheet_text(GOOD).encode() + b"\xe8\x8b,broken\r\n")
    with pytest.raises(FileUnreadable):
        read(path)


def test_bad_rows_are_named_by_row_column_and_reason_and_good_ones_kept(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    bad = {
        3: (4, "0.001"),
        4: (4, "12,34"),
        5: (4, "1e3"),
        6: (4, "免费"),
        7: (4, "99999999999"),
        8: (5, "昨天"),
        9: (5, "2026-02-30"),
        10: (6, "飞走了"),
        11: (2, ""),
        12: (0, "1.23E+15"),
        13: (4, ""),
        14: (8, "二"),
    }
    rows = [GOOD]
    for row, (index, value) in bad.items():
        broken = [f"KM{row}", *GOOD[1:]]
        broken[index] = value
        rows.append(broken)
    path.write_text(sheet_text(*rows, [], ["KM16", *GOOD[1:]]), "utf-8")
    drafts, problems = read(path)
    assert [draft.order_no for draft in drafts] == ["KM1", "1.23E+15", "KM16"]  # the second falls to the order's rules
    assert [draft.row for draft in drafts] == [2, 12, 16]
    assert places(problems) == [
        (3, "paid", "more_decimals"),
        (4, "paid", "not_an_amount"),
        (5, "paid", "not_an_amount"),
        (6, "paid", "not_an_amount"),
        (7, "paid", "amount_too_large"),
        (8, "ordered_at", "time_unreadable"),
        (9, "ordered_at", "time_unreadable"),
        (10, "delivery_state", "value_unknown"),
        (11, "kind", "missing"),
        (13, "paid", "missing"),
        (14, "line_no", "not_a_whole_number"),
    ]


def test_rows_of_one_order_become_its_lines_and_stand_or_fall_together(tmp_path: Path) -> None:
    def row(number: str, line: str, amount: str, paid: str = "100") -> list[str]:
        return [number, *GOOD[1:4], paid, *GOOD[5:8], line, amount]

    path = tmp_path / "orders.csv"
    path.write_text(
        sheet_text(
            row("A", "1", "60"), row("A", "2", "40"),
            row("B", "1", "60"), row("B", "2", "forty"),
            row("C", "1", "60"), row("C", "2", "40", paid="101"),
            row("A", "3", "1"),
            row("D", "1", "60"), row("D", "2", ""),
        ),
        "utf-8",
    )  # fmt: skip
    drafts, problems = read(path)
    assert [[line.paid_minor for line in draft.lines] for draft in drafts] == [[60_00, 40_00]]
    assert places(problems) == [
        (5, "line_paid", "not_an_amount"),
        (4, "", "order_has_bad_row"),
        (7, "paid", "row_disagrees"),
        (6, "", "order_has_bad_row"),
        (8, "order_no", "order_rows_apart"),
        (10, "line_paid", "missing"),
        (9, "", "order_has_bad_row"),
    ]


def test_a_broken_quotation_mark_costs_only_its_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    good = ",".join(["KM3", "点卡", *GOOD[2:]])
    path.write_text(f'{",".join(HEAD)}\nKM2,"点"卡,卡密\n{good}\nKM4,"没有结束,{good}\n', "utf-8")
    drafts, problems = read(path)
    assert [draft.order_no for draft in drafts] == ["KM3"]
    assert places(problems) == [(2, "", "row_malformed"), (4, "", "row_malformed")]


def test_a_row_with_more_cells_than_headings_has_shifted(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(sheet_text([*GOOD, "extra"], [*GOOD, "", ""]), "utf-8")
    drafts, problems = read(path)
    assert places(problems) == [(2, "", "row_too_wide")]
    assert len(drafts) == 1


def workbook(path: Path, *rows: list[Cell], formats: dict[tuple[int, int], str] | None = None) -> Path:
    """An XLSX with the usual headings; formats by (row, column) from 1."""
    book = Workbook()
    page = book.worksheets[0]
    for row in [HEAD, *rows]:
        page.append(row)
    for (row_no, column), shown_as in (formats or {}).items():
        page.cell(row_no, column).number_format = shown_as
    book.save(path)
    return path


def test_a_workbook_with_real_dates_and_numbers_is_read_as_it_is_shown(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, 8, 5, 9)
    path = workbook(
        tmp_path / "orders.xlsx",
        [202611200001, "点券", "直充", "支付宝", 0.1 + 0.2, at, "充值失败", 13812345678.0, 1, None],
        ["000123", "点券", "直充", "支付宝", 12, date(2026, 11, 20), "已发货", "13812345678", None, None],
    )
    drafts, problems = read(path)
    assert problems == []
    assert [(draft.order_no, draft.paid_minor, draft.contact) for draft in drafts] == [
        ("202611200001", 30, "13812345678"),
        ("000123", 1200, "13812345678"),
    ]
    assert drafts[0].ordered_at == datetime(2026, 11, 20, 0, 5, 9, tzinfo=UTC)


def test_numbers_that_a_spreadsheet_has_damaged_are_refused_not_guessed(tmp_path: Path) -> None:
    rest: list[Cell] = ["点券", "直充", "支付宝", 12, "2026-11-20", "已发货", None, None, None]
    path = workbook(
        tmp_path / "orders.xlsx",
        [1.23e15, *rest],
        [123, *rest],
        [12.5, *rest],
        [datetime(2026, 11, 20), *rest],
        [True, *rest],
        ["A1", "点券", "直充", "支付宝", 12, 46346.5, "已发货", None, None, None],
        formats={(3, 1): "000000"},
    )
    drafts, problems = read(path)
    assert places(problems) == [
        (2, "order_no", "number_rounded"),
        (3, "order_no", "leading_zeros_lost"),
        (4, "order_no", "number_characters"),
        (5, "order_no", "date_as_identifier"),
        (6, "order_no", "number_characters"),
        (7, "ordered_at", "time_unreadable"),
    ]
    assert drafts == []


def test_a_zip_bomb_and_other_impostors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiliu.orders.tables.UNPACKED_BYTES_MAX", 64 * 1024 * 1024)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (65 * 1024 * 1024))
    with pytest.raises(FileTooLarge):
        read(bomb)
    for name, content in {
        "zip.xlsx": b"PK\x03\x04" + b"\0" * 500,
        "old.xls": bytes.fromhex("d0cf11e0a1b11ae1"),
        "empty.csv": b"",
        "blank.csv": b"\n\n ,, \n",
        "bom.csv": codecs.BOM_UTF8,
        "noise.csv": bytes(range(256)) * 20,
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises((FileUnreadable, ColumnsMissing)):
            read(path)
    plain = tmp_path / "plain.xlsx"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("hello.txt", "not a workbook")
    with pytest.raises(FileUnreadable):
        read(plain)


def test_memory_holds_a_batch_not_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / "orders.csv"
        path.write_text(sheet_text(*([f"KM{number}", *GOOD[1:]] for number in range(rows))), "gbk")
        tracemalloc.start()
        assert sum(len(batch.drafts) for batch in Sheet(path, Mapping()).batches(200)) == rows
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(4_000) < 2 * peak(1_000)


def test_a_sheet_beyond_the_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(sheet_text(*([f"KM{number}", *GOOD[1:]] for number in range(20))), "utf-8")
    monkeypatch.setattr("huiliu.orders.tables.ROWS_MAX", 19)
    with pytest.raises(FileTooLarge):
        read(path)
    path.write_text(",".join(HEAD + [f"c{number}" for number in range(100)]) + "\n", "utf-8")
    with pytest.raises(FileTooLarge):
        read(path)


def test_missing_and_doubled_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("订单号,商品名称\nA,B\n", "utf-8")
    with pytest.raises(ColumnsMissing) as missing:
        read(path)
    assert missing.value.facts["columns"] == "kind、rail、paid、ordered_at、delivery_state"
    path.write_text(",".join([*HEAD, "订单号"]) + "\n", "utf-8")
    with pytest.raises(ColumnTwice):
        read(path)


def test_a_mapping_names_columns_words_constants_units_and_time_format(tmp_path: Path) -> None:
    mapping = parse_mapping("""
        amount_unit = "fen"
        time_format = "%d/%m/%Y %H:%M"
        [columns]
        order_no = "流水"
        paid = "money"
        ordered_at = "when"
        [constants]
        rail = "alipay"
        kind = "会员"
        [values.delivery_state]
        "卡单" = "processing"
    """)
    path = tmp_path / "orders.csv"
    path.write_text("流水,money,金额,when,商品,发货状态\nA1,1234,x,03/02/2026 08:00,月卡,卡单\n", "utf-8")
    drafts, problems = read(path, mapping)
    assert problems == []
    draft = drafts[0]
    assert (draft.paid_minor, draft.rail, draft.delivery_state, draft.lines[0].kind) == (
        1234, "alipay", "processing", "membership",
    )  # fmt: skip
    assert draft.ordered_at == datetime(2026, 2, 3, 8, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "[columns",
        "[colums]\norder_no = 'x'",
        "[columns]\nnumber = 'x'",
        "[values.kind]\n'x' = 'y'",
        "[values.title]\n'x' = 'y'",
        "amount_unit = 'jiao'",
        "time_zone = 'Mars/Base'",
        "time_zone = '../../etc/passwd'",
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(MappingBad):
        parse_mapping(text)


@pytest.mark.parametrize(
    ("read_cell", "cell", "value"),
    [
        (minor_of, "￥1,234.50", 123450),
        (minor_of, "１２.３元", 1230),
        (minor_of, "-3", -300),
        (minor_of, "1_000", "not_an_amount"),
        (minor_of, "inf", "not_an_amount"),
        (minor_of, "12,34", "not_an_amount"),
        (minor_of, float("nan"), "not_a_number"),
        (identifier_of, 123456789012345, "123456789012345"),
        (identifier_of, 1234567890123456, "number_rounded"),
        (identifier_of, "'=A1", "=A1"),
    ],
)
def test_a_cell_is_read_exactly_or_refused(read_cell: Callable[[Cell], object], cell: Cell, value: int | str) -> None:
    try:
        assert read_cell(cell) == value
    except BadCell as bad:
        assert bad.reason_code == value  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2026-11-23T10:00:00+08:00", "2026-11-23T02:00:00+00:00", "second"),
        ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00+00:00", "second"),
        ("2026年11月23日 10时00分", "2026-11-23T02:00:00+00:00", "minute"),
        ("２０２６/11/23 10:00:00", "2026-11-23T02:00:00+00:00", "second"),
        ("20261123100000", "2026-11-23T02:00:00+00:00", "second"),
        ("2026.11.23", "2026-11-22T16:00:00+00:00", "day"),
    ],
)
def test_times_are_read_with_how_exactly_they_are_known(text: str, at: str, precision: str) -> None:
    assert time_of(text) == (datetime.fromisoformat(at), precision)


def test_refused_rows_go_to_a_file_that_excel_opens_and_no_formula_runs_in(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    row = ["=cmd|' /C calc'!A0", *GOOD[1:4], "0.001", *GOOD[5:7], "+8613812345678", "", ""]
    source.write_text(sheet_text(row), "utf-8")
    sheet = Sheet(source, Mapping())
    path = tmp_path / "rejects.csv"
    with RejectFile(path, sheet.headings) as rejects:
        for batch in sheet.batches():
            rejects.add(batch.problems, batch.cells)
    assert rejects.rows == 1
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    assert path.stat().st_mode & 0o077 == 0
    written = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert written[0][4:] == HEAD
    assert written[1][0] == "2"
    assert "实付金额" in written[1][1]
    assert "两位" in written[1][2]
    assert "two decimals" in written[1][3]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in written[1])
    again = next(Sheet(path, Mapping()).batches())
    assert places(list(again.problems)) == [(2, "paid", "more_decimals")]


def test_nothing_refused_leaves_no_file(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "rejects.csv", HEAD):
        pass
    assert not (tmp_path / "rejects.csv").exists()
