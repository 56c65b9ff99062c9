"""The made pictures are what their truth says, and the same ones every time."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from huiliu.bench.evidence.changes import is_forgeable
from huiliu.bench.evidence.dataset import MANIFEST, Plan, make
from huiliu.bench.evidence.receipts import SEEDS, another, dice, receipt
from huiliu.bench.evidence.stage import BrowserMissing, Stage
from huiliu.bench.evidence.truth import EDITED, FORGERIES, Attack, Kept, PageKind, Truth
from huiliu.evidence.inspection.model import Box, FieldName
from huiliu.evidence.inspection.picture import Bytes

INK = 40
"""How far ink stands out from its ground, in grey values."""
BASES = 400


def test_each_field_has_ink_from_end_to_end_of_its_box(made_folder: Path, truths: list[Truth]) -> None:
    checked = 0
    for truth in truths:
        if truth.attack is Attack.NONE and truth.container is not Kept.PHOTO:
            grey = _grey(made_folder / truth.file)
            for field in truth.fields:
                assert _ends_in_ink(grey, field.box), f"{truth.file}: {field.name} {field.text} {field.box}"
                checked += 1
    assert checked > 40


def test_a_crop_has_no_title_and_no_clock_but_every_other_field(truths: list[Truth]) -> None:
    honest = (truth for truth in truths if truth.attack is Attack.NONE and truth.base == 0)
    names = {truth.container: {field.name for field in truth.fields} for truth in honest}
    assert names[Kept.CROP] == names[Kept.PNG] - {FieldName.TITLE, FieldName.CLOCK}
    assert len(names[Kept.CROP]) > 4


@pytest.mark.parametrize("attack", [each for each in FORGERIES if each not in (Attack.FAKE_PAGE, Attack.DOM_EDIT)])
def test_an_edit_changes_its_box_and_nothing_else(attack: Attack, made_folder: Path, truths: list[Truth]) -> None:
    forged = next(each for each in truths if each.attack is attack and each.container is Kept.PNG)
    honest = next(each for each in truths if each.base == forged.base and each.container is Kept.PNG)
    before, after = _rgb(made_folder / honest.file), _rgb(made_folder / forged.file)
    assert forged.attacked is not None
    box = forged.attacked.box
    changed = (before != after).any(axis=2)
    assert changed[box.y : box.y + box.height, box.x : box.x + box.width].any()
    changed[box.y : box.y + box.height, box.x : box.x + box.width] = False
    assert not changed.any()


def test_a_forgery_prints_something_else_than_the_records_say(truths: list[Truth]) -> None:
    forgeries = [truth for truth in truths if truth.attack is not Attack.NONE]
    assert len(forgeries) == len(FORGERIES) * len(EDITED)
    for truth in forgeries:
        assert truth.attacked is not None
        assert truth.attacked.before != truth.attacked.after
        field = next(each for each in truth.fields if each.name is truth.attacked.field)
        assert field.text == truth.attacked.after
        recorded = msgspec.to_builtins(truth.expect)
        assert field.value != recorded.get(field.name)


def test_the_same_seed_gives_the_same_truth_and_the_same_pixels(made_folder: Path, tmp_path: Path) -> None:
    make(Plan(seed="extra", count=1, containers=(Kept.PNG, Kept.PHOTO)), tmp_path, jobs=1)
    lines = (tmp_path / MANIFEST).read_bytes().splitlines()
    assert set(lines) <= set((made_folder / MANIFEST).read_bytes().splitlines())
    for path in tmp_path.glob("0*"):
        assert path.read_bytes() == (made_folder / path.name).read_bytes()


def test_seeds_share_no_receipt() -> None:
    seen: set[str] = set()
    for seed in SEEDS:
        for base in range(BASES):
            made = receipt(seed, base)
            numbers = {made.trade_no, made.order_no, made.paid_at.isoformat() + made.amount}
            assert not numbers & seen
            seen |= numbers


def test_trade_numbers_have_the_rails_forms() -> None:
    for base in range(BASES):
        made = receipt("extra", base)
        if made.kind is PageKind.ALIPAY_BILL:
            assert made.trade_no.startswith(f"{made.paid_at:%Y%m%d}2200")
        if made.kind is PageKind.WECHAT_BILL:
            assert (made.trade_no[:4], made.trade_no[10:18]) == ("4200", f"{made.paid_at:%Y%m%d}")
        assert len(made.trade_no) == 28
        assert made.ordered_at < made.paid_at < made.shown_at < made.uploaded_at


def test_a_donor_has_other_values_on_the_same_template() -> None:
    for base in range(BASES):
        made = receipt("extra", base)
        donor = another(made, dice("donor", base))
        assert (donor.look, donor.kind, donor.company) == (made.look, made.kind, made.company)
        if is_forgeable(made):
            assert donor.trade_no != made.trade_no


def test_without_a_browser_the_stage_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BrowserMissing, match=r"browser\.py"), Stage():
        pass


def _rgb(path: Path) -> Bytes:
    return np.asarray(Image.open(path).convert("RGB"))


def _grey(path: Path) -> Bytes:
    return np.asarray(Image.open(path).convert("L"))


def _ends_in_ink(grey: Bytes, box: Box) -> bool:
    """Some ink near the left and the right end, and none needed between: texts have gaps, but reach both ends."""
    piece = grey[box.y : box.y + box.height, box.x : box.x + box.width].astype(np.int16)
    columns = np.flatnonzero((np.abs(piece - np.median(piece)) > INK).any(axis=0))
    reach = box.height
    return bool(len(columns)) and columns[0] < reach and columns[-1] >= piece.shape[1] - reach
