"""The time gap from two pictures, the rail and the upload; its timeline; what promises became."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.gap import Gap, GapKind, time_gap
from huiliu.evidence.checks.promise import PromiseKind, promised_against_delivered
from huiliu.evidence.checks.timeline import timeline_svg
from huiliu.evidence.checks.words import gap_sources_words, gap_words, pair_words
from huiliu.evidence.inspection.model import FieldName
from huiliu.kit.text import Lang
from tests.evidence.checks.made import at, fields, read

PAID = at("2026-11-20 14:03:22")
UPLOADED = at("2026-11-20 16:30:00")
PRINTED = read(FieldName.PAID_AT, "2026-11-20T14:03:22+08:00")
CLOCK = read(FieldName.CLOCK, "16:20")


def made(**changed: object) -> Gap:
    """The gap of two honest pictures, or with another upload or clock."""
    uploaded = changed.get("uploaded_at", UPLOADED)
    assert isinstance(uploaded, datetime)
    clock = CLOCK if changed.get("clock") is None else read(FieldName.CLOCK, str(changed["clock"]))
    found = time_gap(PRINTED, clock, recorded={"rail": PAID}, uploaded_at=uploaded)
    assert found is not None
    return found


def test_the_gap_is_from_the_rails_time_to_the_clock() -> None:
    gap = made()
    assert (gap.kind, gap.paid_by, gap.agreeing, gap.differing) == (GapKind.EXACT, "rail", ("page",), ())
    assert (gap.shown_first, gap.seconds_min, gap.seconds_max) == (at("2026-11-20 16:20:00"), 8198, 8198)
    assert gap_words(Lang.EN, gap) == "2 h 16 min later it had not arrived"
    assert gap_words(Lang.ZH, gap) == "相隔 2 小时 16 分钟仍未到账"


def test_a_bill_that_differs_from_the_rail_is_named_and_not_believed() -> None:
    bill = read(FieldName.PAID_AT, "2026-11-20T10:03:22+08:00")
    gap = time_gap(bill, CLOCK, recorded={"rail": PAID, "order": PAID}, uploaded_at=UPLOADED)
    assert gap is not None
    assert (gap.paid.start, gap.agreeing, gap.differing) == (PAID, ("order",), ("page",))
    assert "the picture itself" in gap_sources_words(Lang.EN, gap)
    assert "相差超过 3 分钟" in gap_sources_words(Lang.ZH, gap)


@pytest.mark.parametrize(
    ("printed", "agrees"), [("14:06:22", True), ("14:06:23", False), ("14:00:22", True), ("14:00:21", False)]
)
def test_witnesses_agree_within_three_minutes(printed: str, agrees: bool) -> None:
    bill = read(FieldName.PAID_AT, f"2026-11-20T{printed}+08:00")
    gap = time_gap(bill, CLOCK, recorded={"rail": PAID}, uploaded_at=UPLOADED)
    assert gap is not None
    assert (gap.agreeing, gap.differing) == ((("page",), ()) if agrees else ((), ("page",)))


def test_a_bar_of_twelve_hours_that_fits_twice_leaves_both() -> None:
    paid, uploaded = at("2026-11-20 08:00:00"), at("2026-11-20 23:00:00")
    twelve = read(FieldName.CLOCK, "09:20", text="9:20")
    gap = time_gap(None, twelve, recorded={"rail": paid}, uploaded_at=uploaded)
    assert gap is not None
    assert (gap.kind, gap.shown_first, gap.shown_last) == (
        GapKind.BETWEEN,
        at("2026-11-20 09:20:00"),
        at("2026-11-20 21:20:00"),
    )


def test_the_bill_alone_gives_a_gap() -> None:
    gap = time_gap(PRINTED, CLOCK, recorded={}, uploaded_at=UPLOADED)
    assert gap is not None
    assert (gap.paid_by, gap.agreeing) == ("page", ())


def test_without_a_clock_the_upload_bounds_it() -> None:
    gap = time_gap(PRINTED, None, recorded={}, uploaded_at=UPLOADED)
    assert gap is not None
    assert (gap.kind, gap.seconds_min, gap.seconds_max) == (GapKind.AT_MOST, 0, 8798)


def test_days_later_a_clock_leaves_a_shortest_and_a_longest_gap() -> None:
    gap = made(uploaded_at=UPLOADED + timedelta(days=3))
    assert (gap.kind, gap.seconds_min, gap.seconds_max) == (GapKind.BETWEEN, 8198, 8198 + 3 * 86400)
    assert gap_words(Lang.EN, gap) == "2 h 16 min to 3 d 2 h later it had not arrived"


def test_a_day_without_a_time_is_called_about() -> None:
    day = read(FieldName.PAID_AT, "2026-11-20")
    gap = time_gap(day, CLOCK, recorded={}, uploaded_at=UPLOADED)
    assert gap is not None
    assert gap_words(Lang.EN, gap).startswith("about")


@pytest.mark.parametrize("recorded", [{}, {"upload": PAID}])
def test_without_a_payment_time_there_is_no_gap(recorded: dict[str, datetime]) -> None:
    assert time_gap(None, CLOCK, recorded=recorded, uploaded_at=UPLOADED) is None


def test_a_payment_after_the_upload_gives_no_gap() -> None:
    assert time_gap(None, CLOCK, recorded={"rail": UPLOADED + timedelta(hours=1)}, uploaded_at=UPLOADED) is None


@given(st.integers(0, 40 * 24 * 60), st.integers(0, 40 * 24 * 60))
def test_the_true_gap_always_lies_within_the_bounds(first: int, second: int) -> None:
    shown = PAID + timedelta(minutes=min(first, second))
    uploaded = PAID + timedelta(minutes=max(first, second))
    clock = read(FieldName.CLOCK, f"{shown:%H:%M}")
    gap = time_gap(None, clock, recorded={"rail": PAID}, uploaded_at=uploaded)
    assert gap is not None
    assert gap.seconds_min <= (shown - PAID).total_seconds() <= gap.seconds_max + 60
    assert PAID <= gap.shown_first <= gap.shown_last <= max(uploaded, PAID)


# ------------------------------------------------------------------------------------------------------------- timeline

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("lang", list(Lang))
def test_the_timeline_says_everything_in_order_to_eyes_and_ears(lang: Lang) -> None:
    svg = timeline_svg(made(), lang, promised_at=at("2026-11-20 14:13:00"), delivered_at=at("2026-11-20 16:25:00"))
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text
    title, described = (root.findtext(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert gap_words(lang, made()) in str(title)
    assert re.findall(r"\d\d:\d\d", str(described)) == ["14:03", "14:13", "16:20", "16:25", "16:30"]
    labels = list(root.iter(f"{SVG}text"))
    assert min(float(it.attrib["font-size"]) for it in labels) >= 11
    assert root.attrib["viewBox"].startswith("0 0 360 ")
    assert root.attrib["role"] == "img"


def test_nothing_of_the_timeline_overlaps_or_leaves_the_picture() -> None:
    gap = made(uploaded_at=UPLOADED + timedelta(days=30))
    root = ElementTree.fromstring(timeline_svg(gap, Lang.EN, promised_at=PAID))  # noqa: S314 - our own text
    height = float(root.attrib["viewBox"].split()[3])
    heights = [float(it.attrib["y"]) for it in root.iter(f"{SVG}text")]
    assert all(later - earlier >= 15 for earlier, later in pairwise(heights))
    assert max(heights) < height <= 500


def test_a_timeline_has_no_style_and_no_script() -> None:
    svg = timeline_svg(made(), Lang.ZH)
    assert "style" not in svg
    assert "script" not in svg


# -------------------------------------------------------------------------------------------------------------- promise

PRODUCT_PAGE = [
    "视频会员月卡",
    "有效期30天，10分钟内到账",
    "代练保证到60级",
    "充值100元话费",
    "到账时间3天内",
    "¥19.90",
]


def test_promises_are_set_against_what_the_other_page_shows() -> None:
    used = fields(ordered_at="2026-11-18T09:30:00+08:00", expires_at="2026-11-25", level="42", amount="100.00")
    found = {pair.kind: (pair.promised, pair.differs) for pair in promised_against_delivered(PRODUCT_PAGE, used)}
    assert found == {
        PromiseKind.DURATION: ("30天", True),
        PromiseKind.LEVEL: ("60级", True),
        PromiseKind.AMOUNT: ("100元", False),
    }


@pytest.mark.parametrize(
    ("line", "expires", "differs"),
    [
        ("有效期30天", "2026-12-18", False),
        ("有效期30天", "2026-12-17", False),
        ("有效期30天", "2026-12-15", True),
        ("会员1个月", "2026-12-18", False),
        ("会员1个月", "2026-12-02", True),
        ("一年会员", "2027-11-18", False),
    ],
)
def test_a_duration_is_kept_within_a_day_and_months_within_their_lengths(
    line: str, expires: str, differs: bool
) -> None:
    (pair,) = promised_against_delivered([line], fields(ordered_at="2026-11-18T09:30:00+08:00", expires_at=expires))
    assert pair.differs is differs
    assert pair.promised in pair_words(Lang.EN, pair)


def test_what_only_one_page_shows_is_not_compared() -> None:
    assert promised_against_delivered(PRODUCT_PAGE, ()) == ()
    assert promised_against_delivered([], fields(level="42")) == ()


def test_a_level_in_words_is_left_to_a_person() -> None:
    (pair,) = promised_against_delivered(["保证到60级"], fields(level="王者"))
    assert pair.differs is None
    assert "by eye" in pair_words(Lang.EN, pair)
