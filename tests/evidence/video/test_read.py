"""Several scenes, one set of fields: agreement is kept, contradiction is missing, and never a third value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from huiliu.evidence.inspection.model import Box, Container, FieldName, FieldRead
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.reading.reader import Reading
from huiliu.evidence.reuse.near import near_hash
from huiliu.evidence.video.merge import Merged, merge
from huiliu.evidence.video.model import VideoFacts
from huiliu.evidence.video.read import VideoReading, read_video
from huiliu.evidence.video.watch import VideoLook, VideoScene

AMOUNT, ORDER_NO, PAID_AT = FieldName.AMOUNT, FieldName.ORDER_NO, FieldName.PAID_AT
BLANK = np.zeros((9, 9), dtype=np.uint8)


def field(name: FieldName, value: str, score: float = 0.9) -> FieldRead:
    return FieldRead(name=name, value=value, text=value, box=Box(1, 2, 3, 4), score=score)


def values(merged: Merged | VideoReading) -> dict[FieldName, str]:
    return {found.name: found.value for found in merged.fields}


def test_fields_of_different_pages_come_together() -> None:
    merged = merge([[field(AMOUNT, "128.00")], [field(ORDER_NO, "KM1"), field(AMOUNT, "128.00", 0.99)]])

    assert values(merged) == {AMOUNT: "128.00", ORDER_NO: "KM1"}
    assert dict(zip((it.name for it in merged.fields), merged.scene_of, strict=True)) == {AMOUNT: 1, ORDER_NO: 1}
    assert (merged.conflicting, merged.best) == ((), 1)


def test_two_values_of_one_field_are_missing_even_when_one_is_seen_more_often() -> None:
    merged = merge(
        [[field(AMOUNT, "128.00")], [field(AMOUNT, "128.00")], [field(AMOUNT, "12.00")], [field(AMOUNT, "128.00")]]
    )

    assert (values(merged), merged.conflicting) == ({}, (AMOUNT,))


def test_a_time_with_seconds_says_more_than_one_without() -> None:
    fine, coarse = "2026-11-23T10:03:27+08:00", "2026-11-23T10:03+08:00"

    for order in ([fine, coarse], [coarse, fine]):
        assert values(merge([[field(PAID_AT, value)] for value in order])) == {PAID_AT: fine}
    assert merge([[field(PAID_AT, fine)], [field(PAID_AT, "2026-11-23T10:03:28+08:00")]]).conflicting == (PAID_AT,)
    assert merge([[field(PAID_AT, coarse)], [field(PAID_AT, "2026-11-23T10:04:00+08:00")]]).conflicting == (PAID_AT,)


def test_a_masked_account_fits_the_full_one_and_no_other() -> None:
    account = FieldName.ACCOUNT

    assert values(merge([[field(account, "138****1234")], [field(account, "13800001234")]])) == {account: "13800001234"}
    assert merge([[field(account, "138****1234")], [field(account, "13900001234")]]).conflicting == (account,)
    assert merge([[field(account, "138****1234")], [field(account, "138****123")]]).conflicting == (account,)


def test_a_clock_may_go_on_but_not_jump() -> None:
    clock = FieldName.CLOCK

    assert values(merge([[field(clock, "23:59")], [field(clock, "00:00")]])) == {clock: "00:00"}
    assert merge([[field(clock, "10:42")], [field(clock, "10:40")]]).conflicting == (clock,)
    assert merge([[field(clock, "10:42")], [field(clock, "midnight")]]).conflicting == (clock,)


def test_the_title_is_that_of_the_scene_with_most_fields() -> None:
    title = FieldName.TITLE
    merged = merge([[field(title, "订单详情"), field(AMOUNT, "1.00")], [field(title, "我的")], [field(title, "首页")]])

    assert (values(merged)[title], merged.conflicting) == ("订单详情", ())


def test_of_two_equally_full_scenes_the_sharper_is_the_best() -> None:
    assert merge([[field(AMOUNT, "1.00")], [field(AMOUNT, "1.00")]], sharpness=[3.0, 9.0]).best == 1
    assert merge([[], []]).best == 0


@dataclass
class FakeReader:
    """Gives the readings it was made with, one after another."""

    readings: list[Reading]

    def read(self, picture: Picture) -> Reading:
        return self.readings.pop(0)


def reading(
    *fields: FieldRead, page: str = "alipay_bill", missing: tuple[FieldName, ...] = (), private: str | None = None
) -> Reading:
    return Reading(lines=(), page=page, fields=fields, missing=missing, engine="tiny", private=private)


def look(scenes: int) -> VideoLook:
    picture = Picture(rgb=np.zeros((9, 9, 3), dtype=np.uint8), luma=BLANK, container=Container(media_type="video/mp4"))
    facts = VideoFacts(
        media_type="video/mp4", codec="h264", seconds=3, frames_per_second=30, width=9, height=9, static_share=0.5
    )
    return VideoLook(facts, tuple(VideoScene(picture, float(at), 1.0, near_hash(BLANK)) for at in range(scenes)))


def test_a_video_misses_what_no_scene_shows_and_what_scenes_contradict() -> None:
    first = reading(
        field(AMOUNT, "1.00"), field(PAID_AT, "2026-11-23T10:03+08:00"), missing=(ORDER_NO, FieldName.STATUS)
    )
    second = reading(field(ORDER_NO, "KM000001"), field(AMOUNT, "2.00"), missing=(FieldName.STATUS,))

    found = read_video(look(2), FakeReader([first, second]))

    assert values(found) == {PAID_AT: "2026-11-23T10:03+08:00", ORDER_NO: "KM000001"}
    assert set(found.missing) == {AMOUNT, FieldName.STATUS}
    assert (found.page, found.private, len(found.readings)) == ("alipay_bill", None, 2)


def test_another_page_may_say_otherwise_and_adds_what_the_first_lacks() -> None:
    status, paid = FieldName.STATUS, field(FieldName.STATUS, "paid")
    bill = reading(field(AMOUNT, "1.00"), field(PAID_AT, "2026-11-23T10:03+08:00"), paid, missing=(ORDER_NO,))
    order = reading(field(status, "not_delivered"), field(ORDER_NO, "KM000001"), page="platform_order")

    found = read_video(look(3), FakeReader([order, bill, order]))

    assert values(found)[status] == "paid"
    assert values(found)[ORDER_NO] == "KM000001"
    assert (found.best, found.page, found.missing, found.conflicting) == (1, "alipay_bill", (), ())
    assert dict(zip((it.name for it in found.fields), found.scene_of, strict=True))[ORDER_NO] in (0, 2)


def test_a_private_paper_in_any_scene_is_told() -> None:
    assert read_video(look(2), FakeReader([reading(), reading(private="id_card")])).private == "id_card"
