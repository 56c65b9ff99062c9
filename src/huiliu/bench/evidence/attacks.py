"""The forgeries: each takes a screen and gives back pixels that say something else."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
from msgspec import Struct

from huiliu.bench.evidence.changes import Change, digit_change, status_change, taken_over
from huiliu.bench.evidence.containers import (
    JPEG_FIRST,
    Sent,
    decoded,
    jpeg,
    keep,
    keep_again,
    moved_box,
    resized,
)
from huiliu.bench.evidence.devices import Device
from huiliu.bench.evidence.fonts import LATIN, chinese_file, latin_file
from huiliu.bench.evidence.ink import Brush, advance, base_line, color_of, draw, ground, rub_out, whole
from huiliu.bench.evidence.receipts import Receipt, another
from huiliu.bench.evidence.stage import Printed, Rect, Shot, Stage, around
from huiliu.bench.evidence.truth import Attack, Attacked, Kept
from huiliu.evidence.inspection.model import Box
from huiliu.evidence.inspection.picture import Bytes

EDITOR_GAMMA = 1.45
"""Photo editors blend text with this gamma."""
EDITOR_SIZE, EDITOR_SHIFT = 0.012, 0.5
DONORS_MAX = 50
COPY_EDITED_SHARE = 0.5
"""Of the messenger's copies: edited after copying. The others were edited before."""


class Scene(Struct, frozen=True, kw_only=True):
    """One honest screen: what is forged."""

    made: Receipt
    device: Device
    dark: bool
    shot: Shot


class Forged(Struct, frozen=True, kw_only=True):
    """The file that the forger hands in, and what is in it."""

    sent: Sent
    printed: tuple[Printed, ...]
    """In pixels of the screen; `sent.matrix` leads to the file."""
    attacked: Attacked
    """In pixels of the file."""


def forge(stage: Stage, scene: Scene, attack: Attack, kept: Kept, rng: random.Random) -> Forged:
    """Forge one screen in one container."""
    if attack in (Attack.FAKE_PAGE, Attack.DOM_EDIT):
        return _rendered(stage, scene, attack, kept, rng)
    change, donor = _wanted(stage, scene, attack, rng)
    if kept is Kept.PNG or (kept is Kept.WECHAT and rng.random() >= COPY_EDITED_SHARE):
        rgb = scene.shot.rgb.copy()
        box = _edit(rgb, change, scene, attack, rng, donor=donor, by=1.0)
        sent = keep(rgb, kept, rng)
        return _forged(sent, scene, change, moved_box(box, sent.matrix), is_copy=False)
    first = keep(scene.shot.rgb, kept, rng)
    rgb = decoded(first.data).copy()
    box = _edit(rgb, change, scene, attack, rng, donor=donor, by=float(first.matrix[0, 0]))
    again = keep_again(rgb, kept, rng)
    sent = msgspec.structs.replace(again, matrix=first.matrix, qualities=(*first.qualities, *again.qualities))
    return _forged(sent, scene, change, box, is_copy=kept is Kept.WECHAT)


def _wanted(stage: Stage, scene: Scene, attack: Attack, rng: random.Random) -> tuple[Change, Shot | None]:
    """What is to be read afterwards, and the other receipt that a splice takes it from."""
    if attack is Attack.STATUS:
        return status_change(scene.shot, scene.made, rng), None
    change = digit_change(scene.shot, scene.made, rng, own_digits=attack is Attack.COPY_DIGIT)
    if attack not in (Attack.SPLICE_JPG, Attack.SPLICE_PNG):
        return change, None
    for _ in range(DONORS_MAX):
        donor = stage.shoot(another(scene.made, rng), scene.device, dark=scene.dark)
        theirs = donor.find(change.printed.name)
        if theirs is not None and theirs.text != change.printed.text:
            return taken_over(change.printed, theirs, scene.made), donor
    raise ValueError("no other receipt shows the field")


def _rendered(stage: Stage, scene: Scene, attack: Attack, kept: Kept, rng: random.Random) -> Forged:
    """The page made anew with the wanted value: edited in the browser, or a generator's fake with its own font."""
    change = digit_change(scene.shot, scene.made, rng)
    font = rng.choice([each for each in LATIN if each != scene.device.font]) if attack is Attack.FAKE_PAGE else None
    shot = stage.shoot(change.receipt, scene.device, dark=scene.dark, font=font)
    theirs = shot.find(change.printed.name)
    assert theirs is not None
    sent = keep(shot.rgb, kept, rng)
    box = around([theirs.chars[at] for at in change.places])
    attacked = _attacked(change, moved_box(box, sent.matrix), is_copy=False)
    return Forged(sent=sent, printed=shot.printed, attacked=attacked)


def _forged(sent: Sent, scene: Scene, change: Change, box: Box, *, is_copy: bool) -> Forged:
    printed = tuple(
        msgspec.structs.replace(each, text=change.after, value=change.value) if each is change.printed else each
        for each in scene.shot.printed
    )
    return Forged(sent=sent, printed=printed, attacked=_attacked(change, box, is_copy=is_copy))


def _attacked(change: Change, box: Box, *, is_copy: bool) -> Attacked:
    return Attacked(
        field=change.printed.name, before=change.printed.text, after=change.after, box=box,
        shift_seconds=change.shift_seconds, edited_copy=is_copy,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- editing


class _Job(Struct, frozen=True, kw_only=True):
    """One edit in pixels of the picture that is edited."""

    rgb: Bytes
    change: Change
    printed: Printed
    scene: Scene
    rng: random.Random
    donor: Bytes | None
    theirs: Printed | None


def _edit(
    rgb: Bytes, change: Change, scene: Scene, attack: Attack, rng: random.Random, *, donor: Shot | None, by: float
) -> Box:
    """Change the pixels in place; returns the box outside of which nothing changed."""
    source, theirs = None, None
    if donor is not None:
        source = donor.rgb if by == 1.0 else resized(donor.rgb, rgb.shape[1])[0]
        if attack is Attack.SPLICE_JPG:
            source = decoded(jpeg(source, rng.randint(*JPEG_FIRST)))
        found = donor.find(change.printed.name)
        assert found is not None
        theirs = found.scaled(by)
    job = _Job(
        rgb=rgb, change=change, printed=change.printed.scaled(by), scene=scene, rng=rng, donor=source, theirs=theirs
    )
    return _WAYS[attack](job)


def _other_font(job: _Job) -> Box:
    family = job.rng.choice([each for each in LATIN if each != job.scene.device.font])
    return _redraw(job, _brush(job, family=family))


def _editor_text(job: _Job) -> Box:
    size = job.printed.size * (1 + job.rng.uniform(-EDITOR_SIZE, EDITOR_SIZE))
    brush = msgspec.structs.replace(_brush(job), size=size, gamma=EDITOR_GAMMA)
    shift = (job.rng.uniform(-EDITOR_SHIFT, EDITOR_SHIFT), job.rng.uniform(-EDITOR_SHIFT, EDITOR_SHIFT))
    return _redraw(job, brush, shift=shift)


def _same_font(job: _Job) -> Box:
    return _redraw(job, _brush(job))


def _brush(job: _Job, *, family: str = "") -> Brush:
    font = latin_file(family or job.scene.device.font, job.printed.weight)
    return Brush(font=font, size=job.printed.size, color=color_of(job.printed.color))


def _redraw(job: _Job, brush: Brush, *, shift: tuple[float, float] | None = None) -> Box:
    """Rub the characters out and draw the wanted ones, each in the middle of its place."""
    rects = [job.printed.chars[at] for at in job.change.places]
    base = base_line(job.rgb, job.printed.text, job.printed.chars, brush=_brush(job), near=job.printed.base)
    for rect in rects:
        rub_out(job.rgb, rect)
    first = job.printed.chars[0]
    for at, rect in zip(job.change.places, rects, strict=True):
        letter = job.change.after[at]
        x = rect[0] + (rect[2] - advance(letter, brush)) / 2
        y = float(round(base + rect[1] - first[1]))
        pen = (round(x), y) if shift is None else (x + shift[0], y + shift[1])
        draw(job.rgb, letter, at=pen, brush=brush)
    return _rim(around(rects), job.rgb)


def _copy_digit(job: _Job) -> Box:
    """The wanted digits are in the line already: they are copied over the others."""
    untouched = job.rgb.copy()
    rects: list[Rect] = []
    for at in job.change.places:
        target = job.printed.chars[at]
        source = job.printed.chars[job.printed.text.index(job.change.after[at])]
        rub_out(job.rgb, target)
        left, upper, right, lower = whole(source, untouched)
        x = round(target[0] + (target[2] - (right - left)) / 2)
        y = round(target[1] + upper - source[1])
        _paste(job.rgb, untouched[upper:lower, left:right], x=x, y=y)
        rects += [target, (x, y, right - left, lower - upper)]
    return _rim(around(rects), job.rgb)


def _splice(job: _Job) -> Box:
    """The whole value from another receipt, standing where the old one stood."""
    assert job.donor is not None
    assert job.theirs is not None
    ours, theirs = around(job.printed.chars), around(job.theirs.chars)
    rub_out(job.rgb, (ours.x, ours.y, ours.width, ours.height))
    piece = job.donor[theirs.y : theirs.y + theirs.height, theirs.x : theirs.x + theirs.width]
    x = _aligned(job, left=ours.x, width=ours.width, new_width=theirs.width)
    pasted = (float(x), float(ours.y), float(theirs.width), float(theirs.height))
    _paste(job.rgb, piece, x=x, y=ours.y)
    return _rim(around([(ours.x, ours.y, ours.width, ours.height), pasted]), job.rgb)


def _status(job: _Job) -> Box:
    """The status rubbed out and the wanted one drawn with the phone's own font."""
    brush = Brush(font=chinese_file(job.printed.weight), size=job.printed.size, color=color_of(job.printed.color))
    ours = around(job.printed.chars)
    base = base_line(job.rgb, job.printed.text, job.printed.chars, brush=brush, near=job.printed.base)
    paper = ground(job.rgb, (ours.x, ours.y, ours.width, ours.height))
    width = advance(job.change.after, brush)
    x = _aligned(job, left=ours.x, width=ours.width, new_width=round(width))
    box = _rim(around([(ours.x, ours.y, ours.width, ours.height), (x, ours.y, width, ours.height)]), job.rgb)
    job.rgb[ours.y : ours.y + ours.height, ours.x : ours.x + ours.width] = paper
    draw(job.rgb, job.change.after, at=(x, base), brush=brush)
    return box


def _aligned(job: _Job, *, left: int, width: int, new_width: int) -> int:
    """Where a text of another width begins, by how the page aligns it."""
    middle = job.rgb.shape[1] / 2
    if abs(left + width / 2 - middle) < job.rgb.shape[1] * 0.02:
        return round(middle - new_width / 2)
    is_right = job.printed.label != "" and job.scene.made.look.is_right_aligned
    return left + width - new_width if is_right else left


def _paste(rgb: Bytes, piece: Bytes, *, x: int, y: int) -> None:
    height, width = min(piece.shape[0], rgb.shape[0] - y), min(piece.shape[1], rgb.shape[1] - x)
    rgb[y : y + height, x : x + width] = piece[:height, :width]


RIM = 3
"""Redrawn glyphs may lean a little out of their places."""


def _rim(box: Box, rgb: Bytes) -> Box:
    left, upper = max(0, box.x - RIM), max(0, box.y - RIM)
    right, lower = min(rgb.shape[1], box.x + box.width + RIM), min(rgb.shape[0], box.y + box.height + RIM)
    return Box(x=left, y=upper, width=right - left, height=lower - upper)


_WAYS: dict[Attack, Callable[[_Job], Box]] = {
    Attack.OTHER_FONT: _other_font,
    Attack.PS_LIKE: _editor_text,
    Attack.SAME_FONT: _same_font,
    Attack.COPY_DIGIT: _copy_digit,
    Attack.SPLICE_JPG: _splice,
    Attack.SPLICE_PNG: _splice,
    Attack.STATUS: _status,
}
