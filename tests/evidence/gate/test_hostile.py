"""Whatever is hidden in an upload, nothing of it survives: it is refused, or only its pixels come out."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from huiliu.bench.evidence.hostile import PAYLOAD, Sample, samples
from huiliu.evidence.gate.pixels import open_picture
from huiliu.evidence.gate.rebuild import rebuild
from huiliu.evidence.gate.report import report
from huiliu.kit.errors import Refusal

SAMPLES = tuple(samples())
FLAGGED = [sample for sample in SAMPLES if sample.flag]


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES) >= 60
    assert len({sample.data for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_nothing_hostile_survives(sample: Sample) -> None:
    try:
        rebuilt = await rebuild(sample.data)
    except Refusal:
        assert not sample.accepted, f"refused: {sample.why}"
        return
    assert sample.accepted, f"taken: {sample.why}"
    assert PAYLOAD not in rebuilt.data
    assert not any(
        mark in rebuilt.data for mark in (b"<script", b"<?php", b"PK\x03\x04", b"Exif\0\0", b"iCCP", b"tEXt")
    )
    shown = Image.open(io.BytesIO(rebuilt.data))
    shown.load()
    assert shown.format in {"JPEG", "PNG"}
    assert (shown.mode, shown.size) == ("RGB", (rebuilt.width, rebuilt.height))
    assert not set(shown.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("sample", FLAGGED, ids=lambda sample: sample.name)
def test_what_is_hidden_is_named_for_experts(sample: Sample) -> None:
    assert sample.flag in open_picture(sample.data).container.flags


def test_a_harmless_picture_has_no_flags() -> None:
    (harmless,) = (sample for sample in SAMPLES if sample.name == "jpeg-named-png")
    assert open_picture(harmless.data).container.flags == ()


def test_a_report_tells_what_was_taken_off() -> None:
    by_name = {sample.name: report(sample.data) for sample in SAMPLES if sample.name in {"jpeg-gps", "jpeg-zip", "svg"}}
    assert {"location", "metadata"} <= set(by_name["jpeg-gps"].stripped)
    assert by_name["jpeg-zip"].flags == ("polyglot_zip", "script_in_picture", "script_in_tail", "trailing_data")
    assert by_name["jpeg-zip"].trailing_bytes > 100
    assert (by_name["svg"].accepted, by_name["svg"].refusal) == (False, "evidence.active_content")
