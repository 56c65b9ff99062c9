"""What people type into one-line fields, made safe to store and to show."""

from __future__ import annotations

import unicodedata


def line_of_text(text: str, length_max: int) -> str | None:
    """The text without outer blanks, or None when it is empty, too long, or holds what no eye can see."""
    if len(text) > 2 * length_max:
        return None
    plain = unicodedata.normalize("NFC", text).strip()
    return plain if 1 <= len(plain) <= length_max and plain.isprintable() else None
