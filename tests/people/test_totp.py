"""Six digits, thirty seconds, one step of grace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiliu.people import totp
from tests.conftest import NOW

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""RFC 6238, appendix B: '12345678901234567890' in base32."""


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_it_agrees_with_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(RFC_SECRET, now=now) == code
    assert totp.step_of(RFC_SECRET, code, now=now) == seconds // 30


@pytest.mark.parametrize(("off", "is_good"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_one_step_of_grace_either_way(off: int, *, is_good: bool) -> None:
    code = totp.code_at(RFC_SECRET, now=NOW + timedelta(seconds=off))
    assert (totp.step_of(RFC_SECRET, code, now=NOW) is not None) is is_good


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12 34", "9" * 100_000, "\0" * 6]
)
def test_what_is_not_six_digits_is_wrong(code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, now=NOW) is None


def test_a_code_may_be_typed_with_the_blank_the_app_shows() -> None:
    code = totp.code_at(RFC_SECRET, now=NOW)
    assert totp.step_of(RFC_SECRET, f"{code[:3]} {code[3:]}", now=NOW) is not None


def test_the_enrolment_uri_and_its_picture_carry_the_secret() -> None:
    secret = totp.new_secret()
    assert secret != totp.new_secret()
    uri = totp.enrolment_uri(secret, login="heshen", platform_name="卡门")
    assert uri.startswith("otpauth://totp/")
    assert f"secret={secret}" in uri
    assert totp.enrolment_qr(uri).startswith("<svg")
