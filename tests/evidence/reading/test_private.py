"""Papers that nobody should hand in are known by their words; bills and orders are not taken for them."""

from __future__ import annotations

import pytest

from huiliu.evidence.inspection.model import Line
from huiliu.evidence.reading.private import private_document, valid_card_number, valid_id_number
from tests.evidence.reading.pages import alipay, line, order


def _lines(*texts: str) -> list[Line]:
    return [line(text, 60, 60 * row) for row, text in enumerate(texts)]


ID_NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (
            ("姓名 张三", "性别 男 民族 汉", "出生 1949年12月31日", "住址 北京市朝阳区", "公民身份号码", ID_NUMBER),
            "id_card",
        ),
        (("姓名张三", "性别男", ID_NUMBER), "id_card"),
        (
            ("中华人民共和国", "居民身份证", "签发机关 北京市公安局朝阳分局", "有效期限 2016.01.01-2036.01.01"),
            "id_card",
        ),
        (("招商银行", "6225 7583 3333 3333", "VALID THRU 12/29", "UnionPay"), "bank_card"),
        (("中华人民共和国 护照", "PASSPORT", "国籍/Nationality", "P<CHNZHANG<<SAN<<<<<<<<<<<<"), "passport"),
        (("中华人民共和国机动车驾驶证", "准驾车型 C1", "初次领证日期 2010-01-01"), "driving_licence"),
    ],
)
def test_papers(texts: tuple[str, ...], code: str) -> None:
    assert private_document(_lines(*texts)) == code


@pytest.mark.parametrize(
    "lines",
    [
        alipay(),
        order(),
        _lines("付款方式", "招商银行储蓄卡(3330)", "订单号", "6225758333333333"),
        _lines("姓名 张三", "联系电话 13800005678"),
        [],
    ],
)
def test_what_is_none(lines: list[Line]) -> None:
    assert private_document(lines) is None


def test_check_digits() -> None:
    assert valid_id_number(ID_NUMBER)
    assert not valid_id_number("110105194912310021")
    assert valid_card_number("6225758333333333")
    assert not valid_card_number("6225758333333334")
