"""The real inspecting process, with its real models: what a worker asks, it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest_asyncio
from PIL import Image

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.inspection.model import CheckVerdict, Expected, FieldName, Verdict
from huiliu.evidence.verification.inspecting import PIPELINE
from huiliu.evidence.verification.jobs import Build, Built, Inspect, Inspected, Learn, Learnt, NotInspected
from huiliu.evidence.verification.lane import Lane
from tests.evidence.inspection.test_pipeline import id_card
from tests.evidence.reading.pages import ALIPAY_ROWS, TRADE_NO, drawn
from tests.evidence.video.clips import clip

CODE = "A7C9E4"
CHINA = timezone(timedelta(hours=8))
SECONDS = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lane() -> AsyncIterator[Lane]:
    """One process for all: its models are loaded once."""
    made = Lane(threads=2)
    yield made
    await made.close()


def png(page: Image.Image) -> bytes:
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def question(data: bytes, *, media_type: str = "image/png", code: str | None = None, amount: str = "128.00") -> Inspect:
    expected = Expected(
        trade_no=TRADE_NO,
        amount=amount,
        paid_at=datetime(2026, 11, 20, 14, 3, 22, tzinfo=CHINA),
        uploaded_at=datetime(2026, 11, 20, 14, 30, tzinfo=CHINA),
        code=code,
    )
    return Inspect(media_type=media_type, data=data, expected=expected, seconds=SECONDS)


async def test_a_bill_is_read_compared_and_described(lane: Lane) -> None:
    answer = await lane.ask(question(png(drawn())))
    assert isinstance(answer, Inspected)
    assert (answer.inspection.verdict, answer.profile, answer.near) == (Verdict.CONSISTENT, "720-light", ())
    assert answer.pipeline == PIPELINE
    assert answer.inspection.timings["gate"] > 0
    other = await lane.ask(question(png(drawn()), amount="1.00"))
    assert isinstance(other, Inspected)
    assert other.inspection.verdict is Verdict.CONTRADICTED


async def test_a_code_is_found_wherever_it_was_written(lane: Lane) -> None:
    page = png(drawn((*ALIPAY_ROWS, ("备注", "A7C 9E4"))))
    with_code = await lane.ask(question(page, code=CODE))
    without = await lane.ask(question(png(drawn()), code=CODE))
    assert isinstance(with_code, Inspected)
    assert isinstance(without, Inspected)
    assert (found := with_code.inspection.field(FieldName.CODE)) is not None
    assert found.value == CODE
    assert FieldName.CODE not in with_code.inspection.missing
    assert FieldName.CODE in without.inspection.missing


async def test_nothing_of_an_identity_card_leaves_the_process(lane: Lane) -> None:
    answer = await lane.ask(question(png(id_card())))
    assert isinstance(answer, Inspected)
    assert answer.is_private
    assert (answer.inspection.lines, answer.inspection.fields, answer.near) == ((), (), ())


async def test_a_photo_of_no_page_gets_a_hash_to_be_found_by(lane: Lane) -> None:
    dice = np.random.default_rng(1)
    scene = cv2.resize(dice.integers(0, 255, (24, 18, 3), dtype=np.uint8), (720, 960), interpolation=cv2.INTER_CUBIC)
    photo = np.clip(scene + dice.normal(0, 8, scene.shape), 0, 255).astype(np.uint8)  # a sensor has grain
    answer = await lane.ask(question(png(Image.fromarray(photo))))
    assert isinstance(answer, Inspected)
    assert not answer.inspection.quality.is_screenshot
    assert [len(each) for each in (*answer.near, *answer.near_mirrored)] == [32, 32]
    assert answer.profile == ""


async def test_what_is_no_picture_is_refused_and_the_process_lives_on(lane: Lane) -> None:
    process = lane.pid
    answer = await lane.ask(question(b"\x89PNG\r\n\x1a\n" + b"\0" * 100))
    assert isinstance(answer, NotInspected)
    assert answer.is_refused
    video = await lane.ask(question(b"\0" * 100, media_type="video/mp4"))
    assert isinstance(video, NotInspected)
    assert video.is_refused
    assert lane.pid == process


async def test_a_video_is_read_scene_by_scene_and_its_still_picture_is_said(lane: Lane) -> None:
    page = np.asarray(drawn().convert("RGB"))[:, :, ::-1]
    data = clip([page] * 30)
    answer = await lane.ask(question(data, media_type="video/mp4"))
    assert isinstance(answer, Inspected)
    assert "still_as_video" in answer.video_problems
    assert len(answer.frames) == len(answer.frame_seconds) >= 1
    assert (found := answer.inspection.field(FieldName.TRADE_NO)) is not None
    assert found.value == TRADE_NO
    agreeing = {check.name for check in answer.inspection.checks if check.verdict is CheckVerdict.AGREES}
    assert {"trade_no", "amount"} <= agreeing


async def test_an_atlas_is_learnt_and_written_and_a_retired_cluster_is_not_in_it(lane: Lane, tmp_path: Path) -> None:
    for number in range(3):
        page = png(drawn(amount=f"-{number}28.50"))
        read = await lane.ask(question(page))
        assert isinstance(read, Inspected)
        learn = Learn(data=page, lines=read.inspection.lines, fields=read.inspection.fields, seconds=SECONDS)
        assert await lane.ask(learn) == Learnt(was_taken=True)
    built = await lane.ask(Build(folder=str(tmp_path / "000001"), retired=(), seconds=SECONDS))
    assert isinstance(built, Built)
    (cluster,) = built.clusters
    assert (built.samples, cluster.width, cluster.is_dark) == (3, 720, False)
    assert cluster.name.startswith("720-light")
    atlas = Atlas.load(tmp_path / "000001")
    assert (atlas.variants, [each.name for each in atlas.clusters]) == (built.glyphs, [cluster.name])
    compared = await lane.ask(
        Inspect(
            media_type="image/png",
            data=png(drawn()),
            expected=Expected(),
            atlas=str(tmp_path / "000001"),
            seconds=SECONDS,
        )
    )
    assert isinstance(compared, Inspected)
    assert compared.inspection.atlas == "compared"
    gone = await lane.ask(Build(folder=str(tmp_path / "000002"), retired=(cluster.name,), seconds=SECONDS))
    assert isinstance(gone, Built)
    assert (gone.samples, gone.clusters) == (0, ()), "what was built is learnt anew"


async def test_a_damaged_atlas_is_as_good_as_none(lane: Lane, tmp_path: Path) -> None:
    (tmp_path / "atlas.json").write_text("{}")
    answer = await lane.ask(
        Inspect(media_type="image/png", data=png(drawn()), expected=Expected(), atlas=str(tmp_path), seconds=SECONDS)
    )
    assert isinstance(answer, Inspected)
    assert answer.inspection.atlas == "none"
