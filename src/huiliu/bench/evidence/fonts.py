"""Where the fonts of the made pages are: Latin ones in node_modules, Chinese ones of the system."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import huiliu
from huiliu.demo.pictures import FONTS as CHINESE

LATIN = ("Inter", "Roboto", "Lato")
WEIGHTS: dict[str, tuple[int, ...]] = {
    "Inter": (400, 500, 600, 700),
    "Roboto": (400, 500, 600, 700),
    "Lato": (400, 700),
}
FOLDER = Path(huiliu.__file__).resolve().parents[2] / "node_modules/@fontsource"


class FontsMissing(Exception):
    """A font that the made pages need is not there; says what installs it."""


@cache
def latin_file(family: str, weight: int) -> Path:
    """The font file whose weight is nearest to what the page asks for, as browsers choose it."""
    held = WEIGHTS[family]
    nearest = weight if weight in held else (400 if weight <= 500 else 700)
    path = FOLDER / family.lower() / "files" / f"{family.lower()}-latin-{nearest}-normal.woff2"
    if not path.is_file():
        raise FontsMissing(f"The font {family} is missing. `python tools/bootstrap.py dev` fetches it.")
    return path


@cache
def chinese_file(weight: int) -> Path:
    """Noto Sans CJK, regular or bold."""
    name = "NotoSansCJK-Bold.ttc" if weight >= 600 else "NotoSansCJK-Regular.ttc"
    found = next(
        (path for each in CHINESE if "NotoSansCJK" in each and (path := Path(each).with_name(name)).is_file()), None
    )
    if found is None:
        raise FontsMissing("Noto Sans CJK is missing. `python tools/browser.py` installs it.")
    return found


@cache
def faces() -> str:
    """The style sheet that brings the Latin fonts along, so that the pages need no file beside them."""
    return "".join(
        f"@font-face{{font-family:{family};font-weight:{weight};"
        f"src:url(data:font/woff2;base64,{base64.b64encode(latin_file(family, weight).read_bytes()).decode()})}}"
        for family in LATIN
        for weight in WEIGHTS[family]
    )
