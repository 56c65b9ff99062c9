"""Clips as buyers make them: filmed off a screen by hand, recorded on the telephone, or a still picture passed off as one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import cv2
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from huiliu.bench.evidence.containers import resized
from huiliu.bench.evidence.dataset import expectation, telephone
from huiliu.bench.evidence.page_parts import marked, top
from huiliu.bench.evidence.receipts import dice, receipt
from huiliu.bench.evidence.stage import Shot, Stage
from huiliu.bench.evidence.truth import Expect, PageKind
from huiliu.evidence.inspection.model import FieldName
from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.video.code import ALPHABET, LENGTH

MANIFEST = "videos.jsonl"
WIDTH, HEIGHT, RATE = 720, 1280, 30
SECONDS = (12, 15)
TURN_FRAMES = 9
"""How long one page takes to push the other aside."""
CODE_SHARE = 0.5
SHEETS = 6
"""How many different fields of noise the frames take in turn."""
Floats = NDArray[np.float32]


class Filmed(StrEnum):
    """How the clip came about."""

    CAMERA = "camera"
    SCREEN = "screen"
    STILL = "still"


class Said(Struct, frozen=True, kw_only=True):
    """One value that the clip shows long enough to be read."""

    page: PageKind
    name: FieldName
    value: str


class VideoTruth(Struct, frozen=True, kw_only=True):
    """One line of videos.jsonl."""

    file: str
    seed: str
    base: int
    filmed: Filmed
    seconds: float
    said: tuple[Said, ...]
    expect: Expect
    code: str = ""


def make_videos(seed: str, count: int, folder: Path) -> list[VideoTruth]:
    """Write `count` clips, the kinds in turn, and their manifest."""
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    with Stage() as stage:
        made = [_clip(stage, seed, base, folder) for base in range(count)]
    encoder = msgspec.json.Encoder()
    (folder / MANIFEST).write_bytes(b"".join(encoder.encode(each) + b"\n" for each in made))
    return made


def read_videos(folder: Path) -> list[VideoTruth]:
    """What `make_videos` wrote."""
    decoder = msgspec.json.Decoder(VideoTruth)
    return [decoder.decode(line) for line in (folder / MANIFEST).read_bytes().splitlines()]


def _clip(stage: Stage, seed: str, base: int, folder: Path) -> VideoTruth:
    rng = dice(seed, base, "video")
    filmed = list(Filmed)[base % len(Filmed)]
    order = receipt(seed, base, kind=PageKind.PLATFORM_ORDER)
    bill = msgspec.structs.replace(
        receipt(seed, base, kind=rng.choice((PageKind.ALIPAY_BILL, PageKind.WECHAT_BILL))),
        order_no=order.order_no, amount_minor=order.amount_minor, paid_at=order.paid_at, shown_at=order.shown_at,
        product=order.product,
    )  # fmt: skip
    device, dark = telephone(seed, base)
    pages: list[tuple[PageKind, Shot]] = [
        (each.kind, stage.shoot(each, device, dark=dark))
        for each in ((order,) if filmed is Filmed.STILL else (order, bill))
    ]
    code = "".join(rng.choices(ALPHABET, k=LENGTH)) if filmed is not Filmed.STILL and rng.random() < CODE_SHARE else ""
    if code:
        note = top(device, order, title="备忘录") + _note(code)
        pages.insert(0, (PageKind.BLANK, stage.shoot_body(note, device, dark=dark)))
    seconds = rng.uniform(*SECONDS)
    name = f"videos/{base:03d}-{filmed}.mp4"
    _write(folder / name, _frames(filmed, [shot.rgb for _, shot in pages], round(seconds * RATE), rng))
    said = tuple(
        Said(page=kind, name=each.name, value=each.value)
        for kind, shot in pages if kind is not PageKind.BLANK
        for each in shot.printed if each.name not in (FieldName.CLOCK, FieldName.TITLE)
    )  # fmt: skip
    expect = msgspec.structs.replace(expectation(order), trade_no=None if filmed is Filmed.STILL else bill.trade_no)
    return VideoTruth(
        file=name, seed=seed, base=base, filmed=filmed, seconds=seconds, said=said, expect=expect, code=code
    )


def _note(code: str) -> str:
    return (
        f'<div class="card"><div class="h">退款</div><div class="row"><div class="v">核验码：{marked(FieldName.CODE, code)}'
        "</div></div></div>"
    )


def _write(path: Path, frames: Iterator[Bytes]) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, (WIDTH, HEIGHT))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()


def _frames(filmed: Filmed, screens: list[Bytes], count: int, rng: random.Random) -> Iterator[Bytes]:
    match filmed:
        case Filmed.CAMERA:
            yield from _camera(screens, count, rng)
        case Filmed.SCREEN:
            yield from _recording(screens, count)
        case Filmed.STILL:
            still = _fitted(screens[0])[:HEIGHT]
            for _ in range(count):
                yield still


def _fitted(rgb: Bytes) -> Bytes:
    """As wide as the clip, and at least as high."""
    small = resized(rgb, WIDTH)[0]
    missing = max(0, HEIGHT - small.shape[0])
    return np.pad(small, ((0, missing), (0, 0), (0, 0)), mode="edge")


def _recording(screens: list[Bytes], count: int) -> Iterator[Bytes]:
    """Each page stands, is scrolled to its end and stands again; then the next pushes it aside."""
    sheets = [_fitted(rgb) for rgb in screens]
    each = count // len(sheets)
    for at, sheet in enumerate(sheets):
        free, still = sheet.shape[0] - HEIGHT, each * 2 // 5
        for frame in range(each if at < len(sheets) - 1 else count - each * (len(sheets) - 1)):
            if at and frame < TURN_FRAMES:
                gone = round(WIDTH * frame / TURN_FRAMES)
                before = sheets[at - 1][-HEIGHT:]
                yield np.concatenate((before[:, gone:], sheet[:HEIGHT, :gone]), axis=1)
                continue
            share = min(1.0, max(0.0, (frame - still) / (each / 5)))
            y = round(free * share)
            yield sheet[y : y + HEIGHT]


def _camera(screens: list[Bytes], count: int, rng: random.Random) -> Iterator[Bytes]:
    """A hand holds the camera: slow drift, small shake, stripes of the panel, noise; between pages a quick swing."""
    noise = np.random.default_rng(rng.getrandbits(32))
    sheets = [
        noise.standard_normal((HEIGHT, WIDTH, 3), np.float32) * np.float32(rng.uniform(1.5, 4)) for _ in range(SHEETS)
    ]
    lit = [_lit(rgb, rng) for rgb in screens]
    drift = [rng.uniform(0, 6.28) for _ in range(8)]
    paper = rng.uniform(30, 110)
    each = count // len(lit)
    for frame in range(count):
        at = min(frame // each, len(lit) - 1)
        screen = lit[at]
        swing = max(0.0, 1 - (frame - at * each) / TURN_FRAMES) if at else 0.0
        sheet = np.full((HEIGHT, WIDTH, 3), paper, np.float32)
        matrix = _held(screen, frame, drift, swing, rng)
        cv2.warpPerspective(screen, matrix, (WIDTH, HEIGHT), dst=sheet, borderMode=cv2.BORDER_TRANSPARENT)
        if swing:
            sheet = np.asarray(cv2.blur(sheet, (1 + int(30 * swing), 3)), np.float32)
        yield np.clip(sheet + sheets[frame % SHEETS], 0, 255).astype(np.uint8)


def _lit(rgb: Bytes, rng: random.Random) -> Floats:
    """A screen that shines, with the stripes of its panel, small enough to fit the clip."""
    width = min(round(WIDTH * 0.9), round(HEIGHT * 0.94 * rgb.shape[1] / rgb.shape[0]))
    screen = resized(rgb, width)[0].astype(np.float32) * np.float32(rng.uniform(0.85, 0.97))
    for channel in range(3):
        screen[:, channel::3, channel] *= 1.12
    return screen


def _held(screen: Floats, frame: int, drift: list[float], swing: float, rng: random.Random) -> NDArray[np.float64]:
    height, width = screen.shape[:2]
    free_x, free_y = (WIDTH - width) / 2, (HEIGHT - height) / 2
    plain = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
    moved = plain + np.array((free_x + swing * WIDTH, free_y), np.float32)
    for corner in range(4):
        slow = frame / RATE * 0.9
        moved[corner, 0] += free_x * 0.5 * np.sin(slow + drift[corner]) + rng.uniform(-0.6, 0.6)
        moved[corner, 1] += free_y * 0.5 * np.sin(slow * 0.8 + drift[corner + 4]) + rng.uniform(-0.6, 0.6)
    return np.asarray(cv2.getPerspectiveTransform(plain, moved.astype(np.float32)), np.float64)
