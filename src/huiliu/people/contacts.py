"""Contacts as people type them: one normal form to hash, one mask to show. Pure, so that orders and sign-in agree."""

from __future__ import annotations

import re
import unicodedata

from huiliu.kit.keyring import Keyring

CONTACT_LENGTH_MAX = 120
"""The longest e-mail address that is still plausible as a buyer's contact."""

TAIL_LENGTH = 4
MASK = "****"
MASK_WHOLE_BELOW = 5
MASK_THIN_BELOW = 7
PHONE_LENGTH = 11

_LABEL = re.compile(
    r"^(?:qq号码|qq号|qq|wechat|weixin|vx|微信号|微信|手机号码|手机号|手机|电话|邮箱|email|tel)\s*[:：\s]\s*", re.I
)
_QQ_GLUED = re.compile(r"^qq号?(?=\d{5,12}$)", re.I)
_PHONE_PUNCTUATION = re.compile(r"[\s\-().]+")
_CHINA_PREFIX = re.compile(r"^(?:\+|00)?86(?=1[3-9]\d{9}$)")
_PHONE_LIKE = re.compile(r"^\+?[\d*]{5,20}$")
_MASKED_ALREADY = re.compile(r"\*{3,}")


def normalise(text: str) -> str:
    """One form for every way of writing a contact: full-width digits, +86, spaces, labels and case do not matter."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(mark for mark in plain if unicodedata.category(mark) not in ("Cc", "Cf")).strip()
    plain = _QQ_GLUED.sub("", _LABEL.sub("", plain)).strip()
    digits = _PHONE_PUNCTUATION.sub("", plain)
    if _PHONE_LIKE.match(digits):
        return _CHINA_PREFIX.sub("", digits).removeprefix("+")
    return re.sub(r"\s+", "", plain).lower()


def mask(text: str) -> str:
    """What a screen may show of a contact or an account: 138****5678, xi****@example.com."""
    plain = normalise(text)
    if not plain or _MASKED_ALREADY.search(plain):
        return plain
    name, at, host = plain.rpartition("@")
    if at:
        return f"{name[: min(2, len(name) - 1)]}{MASK}@{host}"
    if len(plain) < MASK_WHOLE_BELOW:
        return MASK
    if len(plain) < MASK_THIN_BELOW:
        return f"{plain[0]}{MASK}{plain[-1]}"
    shown_at_end = TAIL_LENGTH if len(plain) >= PHONE_LENGTH else 2
    return f"{plain[:3]}{MASK}{plain[-shown_at_end:]}"


def tail(text: str) -> str:
    """The last four characters that a buyer types to prove the contact; of an e-mail address, those before the @."""
    return normalise(text).partition("@")[0][-TAIL_LENGTH:]


def contact_hash(keyring: Keyring, platform_id: int, text: str) -> bytes:
    """The buyer's identity on one platform: equal contacts are equal, and no other platform can compare them."""
    return keyring.fingerprint(normalise(text), context=f"contact:{platform_id}")


def tail_hash(keyring: Keyring, platform_id: int, text: str) -> bytes:
    """What an order look-up compares: takes a whole contact or just its last four characters."""
    return keyring.fingerprint(tail(text), context=f"contact_tail:{platform_id}")


def lookup_hash(keyring: Keyring, platform_id: int, text: str) -> bytes:
    """The look-up password that card shops let their buyers choose; full-width and outer blanks do not matter."""
    return keyring.fingerprint(unicodedata.normalize("NFKC", text).strip(), context=f"lookup:{platform_id}")
