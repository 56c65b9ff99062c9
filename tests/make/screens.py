"""Draws page-like pictures and what phones and messaging apps do to them, for tests of quality."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1080, 2000)
LINES = ("Order 2026112400012345678", "Paid 128.00 completed", "2026-11-24 18:03:05", "Account 138****5678")


def screen(*, size: tuple[int, int] = SIZE, dark: bool = False, text: int = 40) -> Image.Image:
    """A screenshot with lines of text."""
    paper, ink = ((18, 18, 20), (230, 230, 230)) if dark else ((250, 250, 250), (60, 60, 60))
    made = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(made)
    font = ImageFont.load_default(text)
    for number, top in enumerate(range(text, size[1] - 2 * text, text * 3)):
        pen.text((size[0] // 18, top), LINES[number % len(LINES)], font=font, fill=ink)
    return made


def photographed(page: Image.Image, *, light: float = 1.0) -> Image.Image:
    """A photo of a screen: slightly turned, unevenly lit, with noise and stripes, as JPEG."""
    turned = page.rotate(3, Image.Resampling.BICUBIC, expand=True, fillcolor=(60, 50, 40))
    seen = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.8))).astype(float)
    rows, columns = np.mgrid[: seen.shape[0], : seen.shape[1]]
    seen *= (0.8 + 0.15 * np.sin(columns / 300))[..., None]
    seen += np.random.default_rng(7).normal(0, 5, seen.shape)
    seen += (4 * np.sin(columns * 1.9 + rows * 0.3))[..., None]
    return squeezed(Image.fromarray((seen * light).clip(0, 255).astype(np.uint8)), quality=82)


def squeezed(page: Image.Image, *, quality: int) -> Image.Image:
    """Through JPEG and back."""
    out = io.BytesIO()
    page.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def sent(page: Image.Image) -> Image.Image:
    """As a messaging app sends it: smaller, and compressed hard."""
    return squeezed(page.resize((page.width * 2 // 3, page.height * 2 // 3), Image.Resampling.LANCZOS), quality=60)


def blurred(page: Image.Image, radius: float) -> Image.Image:
    """Out of focus."""
    return squeezed(page.filter(ImageFilter.GaussianBlur(radius)), quality=85)
