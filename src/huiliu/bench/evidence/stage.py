"""Chromium that renders the made pages: one browser, one open page for each telephone, and only the body exchanged."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec
import numpy as np
from PIL import Image

from huiliu.bench.evidence.devices import Device
from huiliu.bench.evidence.fonts import chinese_file, faces
from huiliu.bench.evidence.page_parts import DARK, LIGHT, STYLE
from huiliu.bench.evidence.pages import page
from huiliu.bench.evidence.receipts import Receipt
from huiliu.evidence.inspection.model import Box, FieldName
from huiliu.evidence.inspection.picture import Bytes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
)
TURN_TO_MS = 30_000
Rect: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in pixels of the picture."""

_MEASURE = """(html) => {
  document.body.innerHTML = html.body;
  document.documentElement.style.cssText = html.vars;
  const d = window.devicePixelRatio, found = [];
  for (const el of document.querySelectorAll('[data-f]')) {
    const node = el.firstChild, text = node.data, chars = [], range = document.createRange();
    for (let i = 0; i < text.length; i++) {
      range.setStart(node, i); range.setEnd(node, i + 1);
      const r = range.getBoundingClientRect();
      chars.push([r.x * d, r.y * d, r.width * d, r.height * d]);
    }
    const probe = document.createElement('span');
    probe.style.cssText = 'display:inline-block;width:0;height:0';
    el.parentNode.insertBefore(probe, el);
    const base = probe.getBoundingClientRect().bottom * d;
    probe.remove();
    const style = getComputedStyle(el), row = el.closest('.row'), key = row && row.querySelector('.k');
    found.push({name: el.dataset.f, text, value: el.dataset.v || text, chars, label: key ? key.textContent : '',
      base, size: parseFloat(style.fontSize) * d, weight: parseInt(style.fontWeight), color: style.color});
  }
  return JSON.stringify(found);
}"""


class Wire(Protocol):
    """The part of playwright's CDPSession that is used here; its own annotation leaves the answer's type open."""

    def send(self, method: str, params: dict[str, object]) -> dict[str, object]:
        """Ask Chromium something."""
        ...


class BrowserMissing(Exception):
    """Chromium or playwright is not there; says what installs it."""


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """One field as Chromium laid it out."""

    name: FieldName
    text: str
    value: str
    label: str
    chars: tuple[Rect, ...]
    """One rectangle a character: its advance across, its line down."""
    base: float
    """The base line of the first line."""
    size: float
    """Font size in pixels of the picture."""
    weight: int
    color: str

    @property
    def box(self) -> Box:
        """The rectangle around all characters."""
        return around(self.chars)

    def scaled(self, by: float) -> Printed:
        """The same in a resized picture."""
        chars = tuple((x * by, y * by, w * by, h * by) for x, y, w, h in self.chars)
        return msgspec.structs.replace(self, chars=chars, base=self.base * by, size=self.size * by)


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered screen."""

    rgb: Bytes
    printed: tuple[Printed, ...]

    def find(self, name: FieldName) -> Printed | None:
        """The field of this name, if the page shows it."""
        return next((each for each in self.printed if each.name is name), None)


class Stage:
    """Use as a context manager; renders one page after another."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, str], tuple[Page, Wire]] = {}

    def __enter__(self) -> Stage:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise BrowserMissing("playwright is missing. `python tools/bootstrap.py dev` installs it.") from error
        path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        if path is None:
            raise BrowserMissing("No Chromium on the PATH. `python tools/browser.py` installs it on Debian.")
        chinese_file(400)
        self._playwright: Playwright = sync_playwright().start()
        self._browser: Browser = self._playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def shoot(self, made: Receipt, device: Device, *, dark: bool, font: str | None = None) -> Shot:
        """The page of this receipt on this telephone, in another font when one is given."""
        return self.shoot_body(page(made, device), device, dark=dark, font=font)

    def shoot_body(self, body: str, device: Device, *, dark: bool, font: str | None = None) -> Shot:
        """Any body in the style of the made pages."""
        tab, session = self._opened(device, font or device.font)
        measured = tab.evaluate(_MEASURE, {"body": body, "vars": DARK if dark else LIGHT})
        printed = msgspec.json.decode(measured, type=tuple[Printed, ...])
        answer = session.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        rgb = np.asarray(Image.open(io.BytesIO(base64.b64decode(str(answer["data"])))).convert("RGB"))
        height = rgb.shape[0]
        return Shot(rgb=rgb, printed=tuple(each for each in printed if _is_inside(each.chars, height)))

    def _opened(self, device: Device, font: str) -> tuple[Page, Wire]:
        found = self._pages.get((device.name, font))
        if found is not None:
            return found
        context = self._browser.new_context(
            viewport={"width": device.width, "height": device.height}, device_scale_factor=device.density
        )
        tab = context.new_page()
        tab.set_content(_shell(device, font), timeout=TURN_TO_MS)
        tab.evaluate("Promise.all([...document.fonts].map(face => face.load()))")
        session = _of_density(context.new_cdp_session(tab), device)
        opened = (tab, session)
        self._pages[(device.name, font)] = opened
        return opened


def _of_density(session: Wire, device: Device) -> Wire:
    """Screenshots asked for by this session have the density that this session set, not playwright's."""
    session.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": device.width, "height": device.height, "deviceScaleFactor": device.density, "mobile": False},
    )
    return session


def _shell(device: Device, font: str) -> str:
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><style>{faces()}'
        f"html{{font-size:{10 * device.scale}px;font-family:{font},'Noto Sans CJK SC',sans-serif}}{STYLE}</style>"
        "</head><body></body></html>"
    )


def _is_inside(chars: Sequence[Rect], height: int) -> bool:
    return bool(chars) and max(y + h for _, y, _, h in chars) <= height


def around(rects: Sequence[Rect]) -> Box:
    """The smallest box of whole pixels around rectangles."""
    left, upper = min(r[0] for r in rects), min(r[1] for r in rects)
    right, lower = max(r[0] + r[2] for r in rects), max(r[1] + r[3] for r in rects)
    x, y = int(left), int(upper)
    return Box(x=x, y=y, width=int(-(-right // 1)) - x, height=int(-(-lower // 1)) - y)
