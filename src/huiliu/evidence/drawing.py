"""A small pen for the example pictures: shapes, texts that fit their width, and numbered marks. Pure text in, SVG out.

Only presentation attributes, no style and no script: the pictures may be inlined under a strict content policy.
"""

from __future__ import annotations

import unicodedata
from html import escape

WIDTH, HEIGHT = 300, 360
INK, SOFT, LINE, PAPER, GROUND = "#1f2933", "#5b6774", "#dfe5eb", "#ffffff", "#f1f4f7"
MARK, MARK_TINT, GOOD, BAD, CALM = "#b4410e", "#fff3e8", "#15803d", "#b91c1c", "#1d4ed8"
FONTS = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
SIZE_MIN = 8.0
WIDE_EM, NARROW_EM = 1.0, 0.58
"""How wide a Chinese and a Latin letter are, roughly, in units of the font size."""
PHONE_X, PHONE_Y, PHONE_W, PHONE_H = 52, 10, 196, 340
LEFT, RIGHT = PHONE_X + 14, PHONE_X + PHONE_W - 14


class Pen:
    """Collects shapes; `svg` wraps them up with a title that screen readers say."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._marks: list[str] = []  # drawn last, over everything

    def rect(
        self, x: float, y: float, w: float, h: float, *, fill: str = PAPER, stroke: str = "none", radius: float = 4
    ) -> None:
        """A rounded box."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" fill="{fill}" stroke="{stroke}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = LINE, width: float = 1) -> None:
        """A straight line."""
        self._parts.append(
            f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{stroke}" stroke-width="{width:g}" fill="none"/>'
        )

    def path(self, d: str, *, stroke: str, width: float = 2, fill: str = "none") -> None:
        """Any other shape."""
        self._parts.append(
            f'<path d="{d}" stroke="{stroke}" stroke-width="{width:g}" fill="{fill}"'
            ' stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def circle(self, x: float, y: float, r: float, *, fill: str) -> None:
        """A filled circle."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 11,
        width: float = 168,
        fill: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """One line of text, made smaller until it fits `width`."""
        shown = max(SIZE_MIN, min(size, width / max(_ems(words), 0.1)))
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{shown:.4g}" fill="{fill}" text-anchor="{anchor}"{weight}>'
            f"{escape(words)}</text>"
        )

    def mark(self, number: int, x: float, y: float, w: float, h: float) -> None:
        """Frame what must be visible and number it like the list beside the picture."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="5" fill="{MARK_TINT}" stroke="{MARK}"'
            ' stroke-width="1.4"/>'
        )
        self._marks.append(
            f'<circle cx="{x + w:g}" cy="{y:g}" r="8.5" fill="{MARK}" stroke="{PAPER}" stroke-width="1.5"/>'
            f'<text x="{x + w:g}" y="{y + 3.8:g}" font-size="11" font-weight="700" fill="{PAPER}"'
            f' text-anchor="middle">{number}</text>'
        )

    def phone(self, title: str, *, clock: str = "14:20", clock_mark: int | None = None) -> None:
        """A telephone with a status bar and a page title; the page begins at y = 76."""
        self.rect(PHONE_X, PHONE_Y, PHONE_W, PHONE_H, stroke=INK, radius=24)
        if clock_mark is not None:
            self.mark(clock_mark, LEFT - 3, PHONE_Y + 8, 46, 18)
        self.text(LEFT + 2, PHONE_Y + 21, clock, size=10, bold=True)
        self.rect(RIGHT - 20, PHONE_Y + 13, 17, 9, fill="none", stroke=INK, radius=2.5)
        self.rect(RIGHT - 18.5, PHONE_Y + 14.5, 11, 6, fill=INK, radius=1)
        self.text(PHONE_X + PHONE_W / 2, PHONE_Y + 47, title, size=13, anchor="middle", bold=True)
        self.path(f"M{LEFT + 6} {PHONE_Y + 37}l-5 5l5 5", stroke=SOFT, width=1.6)
        self.line(PHONE_X + 1, PHONE_Y + 58, PHONE_X + PHONE_W - 1, PHONE_Y + 58)

    def row(self, y: float, label: str, value: str, *, mark: int | None = None, fill: str = INK) -> None:
        """A label on the left and its value on the right, 24 high."""
        if mark is not None:
            self.mark(mark, LEFT - 6, y - 16, RIGHT - LEFT + 12, 24)
        self.text(LEFT, y, label, width=62, fill=SOFT)
        self.text(RIGHT, y, value, width=100, anchor="end", fill=fill)

    def svg(self, ident: str, *, title: str, description: str, width: float = WIDTH, height: float = HEIGHT) -> str:
        """The whole picture. `ident` keeps the ids apart when several are on one page."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"'
            f' aria-labelledby="{ident}-title {ident}-desc" font-family="{FONTS}">'
            f'<title id="{ident}-title">{escape(title)}</title><desc id="{ident}-desc">{escape(description)}</desc>'
            f'<rect width="{width:g}" height="{height:g}" rx="10" fill="{GROUND}"/>'
            f"{''.join(self._parts)}{''.join(self._marks)}</svg>"
        )


def _ems(words: str) -> float:
    return sum(WIDE_EM if unicodedata.east_asian_width(letter) in "WF" else NARROW_EM for letter in words)
