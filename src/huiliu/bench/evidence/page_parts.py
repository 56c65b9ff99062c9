"""The parts that every made page has: status bar, title bar, rows; and the style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from huiliu.bench.evidence.devices import Device, System
from huiliu.bench.evidence.receipts import Look, Receipt, dice
from huiliu.evidence.inspection.model import FieldName

STYLE = """
*{margin:0;padding:0;box-sizing:border-box}
html{-webkit-text-size-adjust:none}
body{width:100vw;height:100vh;overflow:hidden;background:var(--ground);color:var(--ink);font-size:1.4rem;line-height:1.45}
.bar{display:flex;align-items:center;justify-content:space-between;padding:0 20px;font-weight:500;background:var(--top)}
.bar.android{height:28px;font-size:12px}.bar.ios{height:47px;font-size:16px;font-weight:600;padding:6px 26px 0}
.bar .right{display:flex;align-items:center;gap:5px;font-size:11px}
.nav{height:46px;display:flex;align-items:center;justify-content:center;position:relative;background:var(--top);
 font-size:1.7rem;font-weight:600}
.nav svg{position:absolute;left:14px;top:13px}.nav .more{position:absolute;right:16px;font-size:1.4rem;font-weight:400}
.card{background:var(--paper);border-radius:10px;margin:10px 12px;padding:6px 14px}
.head{display:flex;flex-direction:column;align-items:center;padding:20px 0 14px}
.logo{width:46px;height:46px;border-radius:23px;display:flex;align-items:center;justify-content:center;color:#fff;
 font-size:20px;margin-bottom:9px}
.shop{font-size:1.5rem}.big{font-size:3.2rem;font-weight:600;line-height:1.35;margin-top:6px}
.state{font-size:1.4rem;color:var(--soft);margin-top:2px}
.row{display:flex;padding:7.5px 0;align-items:flex-start;gap:14px}
.row .k{color:var(--soft);flex:none;width:7.2em;white-space:nowrap}
.row .v{flex:1;min-width:0;overflow-wrap:anywhere}.right-rows .v{text-align:right}
.right-rows .k{width:auto}
.line{border-top:1px solid var(--line)}
.foot{color:var(--soft);font-size:1.2rem;text-align:center;padding:14px 0}
.goods{display:flex;gap:12px;padding:10px 0}.thumb{width:72px;height:72px;border-radius:8px;flex:none}
.red{color:var(--red)}.soft{color:var(--soft)}.h{font-weight:600;font-size:1.5rem;padding:8px 0 4px}
.banner{padding:18px 20px;color:#fff;font-size:2rem;font-weight:600}.banner p{font-size:1.2rem;font-weight:400;opacity:.9}
.buttons{display:flex;justify-content:flex-end;gap:10px;padding:10px 12px}
.button{border:1px solid var(--line);border-radius:16px;padding:4px 14px;font-size:1.3rem}
.vip{border-radius:14px;margin:12px;padding:20px 18px;color:#5b3a12;background:linear-gradient(120deg,#f7dfb0,#e2b266)}
.price{font-size:2.6rem;font-weight:700;color:var(--red)}
"""
LIGHT = "--ground:#f4f4f4;--paper:#fff;--top:#fff;--ink:#1d1d1f;--soft:#8c8c8c;--line:#ececec;--red:#e4393c"
DARK = "--ground:#111;--paper:#1c1c1e;--top:#161616;--ink:#d6d6d8;--soft:#86868b;--line:#2c2c2e;--red:#ff5a52"
TONES = ("#1677ff", "#07c160", "#fa5151", "#ff8f1f", "#576b95", "#10aeff", "#8e44ad", "#16a085")


def marked(field: FieldName, text: str, value: str | None = None) -> str:
    """A piece of text that is a field; the stage measures it by its attributes."""
    normal = "" if value is None else f' data-v="{escape(value)}"'
    return f'<span data-f="{field}"{normal}>{escape(text)}</span>'


def row(label: str, value: str, *, look: Look) -> str:
    """One label and its value, which is HTML already."""
    colon = "：" if look.has_colon else ""
    return f'<div class="row"><div class="k">{escape(label)}{colon}</div><div class="v">{value}</div></div>'


def rows(pairs: Iterable[tuple[str, str]], *, look: Look) -> str:
    """A card of rows."""
    side = " right-rows" if look.is_right_aligned else ""
    return f'<div class="card{side}">{"".join(row(label, value, look=look) for label, value in pairs)}</div>'


def top(device: Device, made: Receipt, *, title: str, more: str = "") -> str:
    """Status bar and title bar."""
    return _status_bar(device, made) + (
        '<div class="nav"><svg width="12" height="20" viewBox="0 0 12 20"><path d="M10 2L2 10l8 8" stroke="currentColor"'
        f' fill="none" stroke-width="2"/></svg>{marked(FieldName.TITLE, title)}<span class="more">{escape(more)}</span></div>'
    )


def _status_bar(device: Device, made: Receipt) -> str:
    rng = dice(device.name, made.order_no, "bar")
    hours = "%H:%M"
    clock = made.shown_at.strftime(hours)
    if device.system is System.IOS:
        clock = clock.removeprefix("0")
    level = rng.randrange(8, 100)
    signal = "".join(
        f'<rect x="{x * 5}" y="{12 - 3 * (x + 1)}" width="3" height="{3 * (x + 1)}" rx="1" fill="currentColor"'
        f' opacity="{1 if x <= rng.randrange(2, 4) else 0.3}"/>'
        for x in range(4)
    )
    battery = (
        '<svg width="26" height="12" viewBox="0 0 26 12"><rect x=".5" y=".5" width="22" height="11" rx="3.2" fill="none"'
        f' stroke="currentColor" opacity=".5"/><rect x="2" y="2" width="{19 * level / 100:.1f}" height="8" rx="1.8"'
        ' fill="currentColor"/><rect x="23.6" y="4" width="1.6" height="4" rx=".8" fill="currentColor" opacity=".5"/></svg>'
    )
    radio = rng.choice(("5G", "4G", "HD", ""))
    percent = f"<span>{level}%</span>" if device.system is System.ANDROID and rng.random() < 0.6 else ""
    return (
        f'<div class="bar {device.system}">{marked(FieldName.CLOCK, clock, made.shown_at.strftime(hours))}'
        f'<span class="right"><svg width="19" height="12" viewBox="0 0 19 12">{signal}</svg><span>{radio}</span>'
        '<svg width="16" height="12" viewBox="0 0 16 12"><path d="M1 4.5a10 10 0 0 1 14 0M3.4 7a6.5 6.5 0 0 1 9.2 0M6 9.6'
        'a3 3 0 0 1 4 0" stroke="currentColor" fill="none" stroke-width="1.5"/></svg>'
        f"{percent}{battery}</span></div>"
    )


def logo(made: Receipt) -> str:
    """The shop's round sign with its first character."""
    rng = dice(made.shop, made.company)
    return f'<div class="logo" style="background:{rng.choice(TONES)}">{made.shop[0]}</div>'


def thumb(made: Receipt) -> str:
    """A product picture: two tones and a disc."""
    rng = dice(made.product, "thumb")
    first, second = rng.sample(TONES, 2)
    return f'<div class="thumb" style="background:radial-gradient(circle at 60% 40%,{first} 30%,{second} 32%)"></div>'
