"""The one-time code that a buyer shows in a picture or video (平台核验): only somebody who makes it now can show it.

It is drawn from signs that neither people nor OCR take for one another; what OCR makes of them is turned back.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable

from huiliu.evidence.inspection.model import Line

ALPHABET = "2345679ACDEFHJKLMNPRTUWXY"
"""None of 0 O Q, 1 I, 8 B, S, Z, G, V: each looks like one that is here, or like another that is not."""
LENGTH = 6
"""2.4 hundred million codes, each good for one claim and a day: nobody guesses one in a picture made before."""
_LOOKS_LIKE = str.maketrans({"0": "D", "O": "D", "Q": "D", "S": "5", "Z": "2", "G": "6", "V": "U", "I": "L", "1": "L"})


def new_code() -> str:
    """A fresh code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def find_code(lines: Iterable[Line], code: str) -> Line | None:
    """The line that shows the code, however it was spaced, or None. Codes are never matched across lines."""
    wanted = plain(code)
    if len(wanted) < LENGTH:
        return None
    return next((line for line in lines if wanted in plain(line.text)), None)


def plain(text: str) -> str:
    """Letters and digits alone, in the one form that a sign and what OCR takes it for share."""
    wide = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in wide if letter.isascii() and letter.isalnum()).translate(_LOOKS_LIKE)
