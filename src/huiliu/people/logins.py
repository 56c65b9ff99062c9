"""What a staff login looks like."""

from __future__ import annotations

import re
import unicodedata

LOGIN_LENGTH_MIN = 2
LOGIN_LENGTH_MAX = 60

_LOGIN = re.compile(rf"[^\W_][\w.@+-]{{{LOGIN_LENGTH_MIN - 1},{LOGIN_LENGTH_MAX - 1}}}")


def normal_login(text: str) -> str | None:
    """A login in the one form it is stored in, or None when it cannot be one."""
    if len(text) > 2 * LOGIN_LENGTH_MAX:
        return None
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return plain if _LOGIN.fullmatch(plain) else None
