"""Data sets: which pictures a seed has, made and written beside a manifest with what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from huiliu.bench.evidence.attacks import Scene, forge
from huiliu.bench.evidence.changes import is_forgeable
from huiliu.bench.evidence.containers import Sent, keep, moved_fields
from huiliu.bench.evidence.devices import KNOWN, STRANGE, Device
from huiliu.bench.evidence.page_parts import thumb
from huiliu.bench.evidence.receipts import Receipt, dice, receipt
from huiliu.bench.evidence.stage import Printed, Shot, Stage
from huiliu.bench.evidence.truth import EDITED, FORGERIES, Attack, Attacked, Expect, Kept, PageKind, Truth, TruthField
from huiliu.evidence.inspection.model import FieldName
from huiliu.evidence.inspection.picture import Bytes

MANIFEST = "manifest.jsonl"
_SHARE = {
    Kept.HALF: 1 / 3, Kept.CROP: 1 / 3, Kept.PHOTO: 1 / 3,
    Kept.BLUR: 1 / 8, Kept.UPSIDE_DOWN: 1 / 8, Kept.LONG: 1 / 8, Kept.THUMBNAIL: 1 / 8,
}  # fmt: skip
"""Of the bases, how many are kept in the containers in which less is measured."""
DARK_SHARE, STRANGE_SHARE = 0.25, 0.05
RAIL_BILLS = (PageKind.ALIPAY_BILL, PageKind.WECHAT_BILL)
FEED_SCREENS = (3, 9)
"""How many screens of recommendations a long screenshot scrolls through."""


class Plan(Struct, frozen=True, kw_only=True):
    """How much of what. Base k is always the same screen: a longer plan only adds."""

    seed: str
    count: int
    """Bases that are kept as PNG, JPEG and messenger's copy, whichever of them are wanted."""
    containers: tuple[Kept, ...] = (Kept.PNG,)
    forged: int = 0
    """Forgeries of each kind in each container."""
    odd: int = 0
    """English pages and blank ones, of each."""
    first: int = 0


def make(plan: Plan, folder: Path, *, jobs: int = 2, progress: Callable[[int], None] = lambda done: None) -> int:
    """Write the pictures and the manifest; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_Part(plan=plan, folder=str(folder), part=part, of=jobs) for part in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        lines: list[bytes] = []
        for part in pool.map(_make_part, parts):
            lines += part
            progress(len(lines))
    lines.sort()
    (folder / MANIFEST).write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)


def read_manifest(folder: Path) -> list[Truth]:
    """What `make` wrote."""
    decoder = msgspec.json.Decoder(Truth)
    return [decoder.decode(line) for line in (folder / MANIFEST).read_bytes().splitlines()]


class _Part(Struct, frozen=True, kw_only=True):
    plan: Plan
    folder: str
    part: int
    of: int


def _make_part(job: _Part) -> list[bytes]:
    """Every `of`-th base, with a browser of its own. The lines of the manifest."""
    encoder = msgspec.json.Encoder()
    lines: list[bytes] = []
    with Stage() as stage:
        for base in range(job.plan.first + job.part, job.plan.first + job.plan.count, job.of):
            for truth, data in pictures(stage, job.plan, base):
                path = Path(job.folder) / truth.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                lines.append(encoder.encode(truth))
    return lines


def pictures(stage: Stage, plan: Plan, base: int) -> Iterator[tuple[Truth, bytes]]:
    """Everything that the plan wants of one base: honest copies, then forgeries."""
    scene = scene_of(stage, plan.seed, base)
    for kept in plan.containers:
        if base - plan.first < plan.count * _SHARE.get(kept, 1.0):
            yield honest(stage, scene, plan.seed, base, kept=kept)
    if base - plan.first < plan.odd:
        for kind in (PageKind.ENGLISH, PageKind.BLANK):
            odd = scene_of(stage, plan.seed, base, kind=kind)
            yield honest(stage, odd, plan.seed, base, kept=Kept.PNG)
    for attack, kept in _forgeries_of(plan, base):
        yield forged(stage, scene, plan.seed, base, attack=attack, kept=kept)


def _forgeries_of(plan: Plan, base: int) -> Iterator[tuple[Attack, Kept]]:
    """The first bases that can be forged, as many as the plan wants."""
    forgeable = _forgeable_before(plan.seed, base)
    if not is_forgeable(receipt(plan.seed, base)) or forgeable >= plan.forged:
        return
    for attack in FORGERIES:
        for kept in EDITED:
            yield attack, kept


def _forgeable_before(seed: str, base: int) -> int:
    return sum(is_forgeable(receipt(seed, each)) for each in range(base))


def scene_of(stage: Stage, seed: str, base: int, *, kind: PageKind | None = None) -> Scene:
    """The honest screen with this number."""
    made = receipt(seed, base, kind=kind)
    device, dark = telephone(seed, base)
    return Scene(made=made, device=device, dark=dark, shot=stage.shoot(made, device, dark=dark))


def telephone(seed: str, base: int) -> tuple[Device, bool]:
    """Whose telephone it is, and whether it is set to dark."""
    rng = dice(seed, base, "telephone")
    dark = rng.random() < DARK_SHARE
    if seed != "train" and rng.random() < STRANGE_SHARE:
        return rng.choice(STRANGE), dark
    return rng.choice(KNOWN), dark


def honest(stage: Stage, scene: Scene, seed: str, base: int, *, kept: Kept) -> tuple[Truth, bytes]:
    """The screen as it was, in a container."""
    rng = dice(seed, base, kept)
    rgb = scene.shot.rgb
    if kept is Kept.LONG:
        rgb = _scrolled(stage, scene, seed, base)
    title = scene.shot.find(FieldName.TITLE)
    below = title.box.y + title.box.height + round(10 * scene.device.density) if title else 0
    sent = keep(rgb, kept, rng, title_bottom=below)
    name = f"{base:05d}-{scene.made.kind}-{kept}"
    truth = _truth(scene, sent, scene.shot.printed, seed=seed, base=base, kept=kept, name=name)
    return truth, sent.data


def forged(stage: Stage, scene: Scene, seed: str, base: int, *, attack: Attack, kept: Kept) -> tuple[Truth, bytes]:
    """The screen as a forger changed it."""
    made = forge(stage, scene, attack, kept, dice(seed, base, attack, kept))
    name = f"forged/{attack}/{base:05d}-{scene.made.kind}-{kept}"
    truth = _truth(
        scene,
        made.sent,
        made.printed,
        seed=seed,
        base=base,
        kept=kept,
        name=name,
        attack=attack,
        attacked=made.attacked,
    )
    if attack in REPLACED:
        moved = msgspec.structs.replace
        fields = (
            moved(each, box=made.attacked.box) if each.name is made.attacked.field else each for each in truth.fields
        )
        truth = moved(truth, fields=tuple(fields))
    return truth, made.sent.data


REPLACED = (Attack.SPLICE_JPG, Attack.SPLICE_PNG, Attack.STATUS)
"""Attacks after which the value may be wider or narrower than the honest one."""


def _truth(
    scene: Scene, sent: Sent, printed: tuple[Printed, ...], *, seed: str, base: int, kept: Kept, name: str,
    attack: Attack = Attack.NONE, attacked: Attacked | None = None,
) -> Truth:  # fmt: skip
    fields = tuple(
        TruthField(name=each.name, value=each.value, text=each.text, box=each.box, label=each.label) for each in printed
    )
    return Truth(
        file=f"{name}.{sent.extension}", seed=seed, base=base, kind=scene.made.kind, device=scene.device.name,
        device_known=scene.device in KNOWN, dark=scene.dark, container=kept, attack=attack,
        width=sent.width, height=sent.height, fields=moved_fields(fields, sent),
        expect=expectation(scene.made), attacked=attacked, jpeg_qualities=sent.qualities,
    )  # fmt: skip


def expectation(made: Receipt) -> Expect:
    """What the platform and the rail have on record of this receipt, as far as the page's slot is compared with it."""
    uploaded = made.uploaded_at.isoformat()
    match made.kind:
        case PageKind.ALIPAY_BILL | PageKind.WECHAT_BILL:
            return Expect(
                order_no=made.order_no, amount=made.amount, trade_no=made.trade_no, paid_at=made.paid_at.isoformat(),
                status=made.status, payee=made.company, uploaded_at=uploaded,
            )  # fmt: skip
        case PageKind.PLATFORM_ORDER:
            return Expect(
                order_no=made.order_no, amount=made.amount, trade_no=made.trade_no, paid_at=made.paid_at.isoformat(),
                account=made.account, product=made.product, uploaded_at=uploaded,
            )  # fmt: skip
        case PageKind.MEMBERSHIP:
            return Expect(account=made.account, expires_at=made.expires_at.date().isoformat(), uploaded_at=uploaded)
        case PageKind.PRODUCT_PAGE:
            return Expect(product=made.product, uploaded_at=uploaded)
        case PageKind.ENGLISH | PageKind.BLANK:
            return Expect(order_no=made.order_no, amount=made.amount, uploaded_at=uploaded)


# ---------------------------------------------------------------------------------------------------- long pictures


def _scrolled(stage: Stage, scene: Scene, seed: str, base: int) -> Bytes:
    """The screen with recommendations below it, as telephones stitch what was scrolled through."""
    rng = dice(seed, base, "scrolled")
    screens = [scene.shot.rgb]
    for _ in range(rng.randint(*FEED_SCREENS)):
        feed: Shot = stage.shoot_body(_feed(rng.getrandbits(30), scene.device), scene.device, dark=scene.dark)
        screens.append(feed.rgb)
    return np.concatenate(screens)


def _feed(number: int, device: Device) -> str:
    goods = (receipt("extra", number % 50_000 + at) for at in range(int(device.height // 96)))
    return "".join(
        f'<div class="card"><div class="goods">{thumb(made)}<div>{made.product}<div class="soft">{made.shop}</div>'
        f'<div class="red">¥{made.unit_minor / 100:.2f}</div></div></div></div>'
        for made in goods
    )
