"""What is marked when two texts stand side by side."""

from __future__ import annotations

from uuid import uuid4

from huiliu.evidence.verification.reads import ReadText
from huiliu.kit.text import Lang
from huiliu.web.buyer.comparing import LINES_MAX, Compared, compare_texts

PROMISE = "会员有效期30天，全站免广告，每天3小时"


def text(slot: str, *lines: str) -> ReadText:
    """What one picture says."""
    return ReadText(file_id=uuid4(), slot=slot, lines=lines, fields=())


def marked(found: Compared | None) -> tuple[list[str], list[str]]:
    """The stretches that are marked on either side."""
    assert found is not None
    left, right = ([it.text for it in side if it.is_other] for side in (found.promised, found.delivered))
    return left, right


def test_only_what_differs_is_marked_and_the_texts_stay_whole() -> None:
    found = compare_texts(Lang.ZH, [text("difference", PROMISE.replace("30天", "7天"))], promise=PROMISE)
    assert marked(found) == (["30天"], ["7天"])
    assert found is not None
    assert "".join(it.text for it in found.promised) == PROMISE
    assert (found.numbers, found.is_loose, found.from_records) == (1, False, True)


def test_the_buyers_picture_of_the_product_page_comes_before_the_record() -> None:
    texts = [text("detail_page", "有效期90天"), text("difference", "有效期7天")]
    found = compare_texts(Lang.ZH, texts, promise=PROMISE)
    assert marked(found) == (["90天"], ["7天"])
    assert found is not None
    assert not found.from_records


def test_texts_that_share_hardly_a_word_have_only_their_numbers_marked() -> None:
    found = compare_texts(Lang.ZH, [text("usage_time", "代练进度", "已练12天")], promise="加速30天延迟不高于六十毫秒")
    assert found is not None
    assert found.is_loose
    assert marked(found) == (["30天"], ["12天"])


def test_equal_texts_have_nothing_marked_and_long_ones_are_said_to_be_cut() -> None:
    same = compare_texts(Lang.ZH, [text("difference", PROMISE)], promise=PROMISE)
    assert same is not None
    assert (same.is_same, marked(same)) == (True, ([], []))
    long = compare_texts(Lang.ZH, [text("difference", *["一行"] * (LINES_MAX + 1))], promise=PROMISE)
    assert long is not None
    assert long.is_cut


def test_without_a_promise_or_without_a_picture_there_is_nothing_to_compare() -> None:
    assert compare_texts(Lang.ZH, [text("difference", PROMISE)], promise=" ") is None
    assert compare_texts(Lang.ZH, [text("detail_page", PROMISE)], promise=PROMISE) is None
    assert compare_texts(Lang.ZH, [text("difference")], promise=PROMISE) is None
