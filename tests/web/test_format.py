"""How times and sizes read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiliu.kit.text import Lang
from huiliu.web import format as forms
from tests.conftest import NOW

EVENING = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lang", "at", "precision", "text"),
    [
        (Lang.ZH, EVENING, "second", "11月23日(周一) 18:00"),
        (Lang.EN, EVENING, "second", "Mon 23 Nov, 18:00"),
        (Lang.ZH, EVENING, "day", "11月23日(周一)"),
        (Lang.ZH, EVENING, "not_after", "不晚于 11月23日(周一) 18:00"),
        (Lang.ZH, datetime(2026, 12, 31, 17, 30, tzinfo=UTC), "second", "2027年1月1日(周五) 01:30"),
        (Lang.EN, datetime(2025, 1, 1, 0, 0, tzinfo=UTC), "day", "Wed 1 Jan 2025"),
    ],
)
def test_times_read_as_beijing_days(lang: Lang, at: datetime, precision: str, text: str) -> None:
    assert forms.moment(lang, at, now=NOW, precision=precision) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=2, hours=3, minutes=10), "2天3小时"),
        (timedelta(days=2), "2天"),
        (timedelta(hours=5, minutes=20), "5小时20分"),
        (timedelta(hours=1), "1小时"),
        (timedelta(seconds=1), "1分钟"),
        (timedelta(seconds=-5), "0分钟"),
    ],
)
def test_what_is_left_is_said_in_two_units_at_most(span: timedelta, text: str) -> None:
    assert forms.remaining(Lang.ZH, span) == text


def test_sizes_read_plainly() -> None:
    assert [forms.size(n) for n in (1, 1_500, 12_582_912)] == ["1 KB", "2 KB", "12.6 MB"]
