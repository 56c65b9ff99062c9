"""The six digits of an authenticator app (RFC 6238): 30-second steps, one step of grace either way."""

from __future__ import annotations

import hmac
from datetime import datetime

import segno
from pyotp import random_base32
from pyotp.totp import TOTP

STEP_SECONDS = 30
STEPS_OF_GRACE = 1
"""A telephone's clock may be off by this many steps (RFC 6238, section 5.2 recommends at most one)."""
DIGITS = 6
QR_SCALE = 4


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 wants."""
    return random_base32()


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """Which time step this code belongs to, or None when it is wrong. The caller makes each step count once."""
    digits = code.replace(" ", "")
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        digits = ""
    totp = TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found: int | None = None
    for step in range(current - STEPS_OF_GRACE, current + STEPS_OF_GRACE + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            found = step
    return found


def code_at(secret: str, *, now: datetime) -> str:
    """The code an authenticator shows now; for the demo's one-click logins and for tests."""
    return TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).generate_otp(int(now.timestamp()) // STEP_SECONDS)


def enrolment_uri(secret: str, *, login: str, platform_name: str) -> str:
    """What an authenticator app reads: otpauth://totp/..."""
    return TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=login, issuer_name=platform_name)


def enrolment_qr(uri: str) -> str:
    """The same as an inline SVG for the page; drawn here, so the secret visits nobody else."""
    return segno.make(uri, error="m").svg_inline(scale=QR_SCALE)
