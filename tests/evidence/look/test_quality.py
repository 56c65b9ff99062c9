"""A clear picture is told from one that nobody can read, by its pixels alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from huiliu.evidence.inspection.model import Quality
from huiliu.evidence.look.problems import PIXEL_PROBLEMS, Problem
from huiliu.evidence.look.quality import measure
from huiliu.kit.text import Lang, say
from tests.make.screens import blurred, photographed, screen, sent, squeezed


def looked(picture: Image.Image) -> Quality:
    return measure(np.asarray(picture.convert("L")))


CLEAR = {
    "screenshot": screen(),
    "dark screenshot": screen(dark=True),
    "small text": screen(text=26),
    "large text": screen(text=72),
    "jpeg": squeezed(screen(), quality=60),
    "through a messaging app": sent(screen()),
    "300 px wide": screen().resize((300, 556), Image.Resampling.LANCZOS),
    "photo of a screen": photographed(screen()),
    "large photo of a screen": photographed(screen(size=(1800, 2400), text=60)),
    "a little out of focus": blurred(screen(), 2),
    "20,000 px long": screen(size=(1080, 20_000)),
    "only a few lines": screen(size=(1080, 320)),
}


@pytest.mark.parametrize("name", CLEAR)
def test_a_picture_that_can_be_read_has_no_problem(name: str) -> None:
    quality = looked(CLEAR[name])
    assert quality.problems == ()
    assert quality.is_screenshot == ("photo" not in name)


BAD = {
    "out of focus": (blurred(screen(), 5), Problem.BLURRED),
    "far out of focus": (blurred(screen(), 14), Problem.BLURRED),
    "photo out of focus": (blurred(photographed(screen()), 5), Problem.BLURRED),
    "large photo out of focus": (blurred(photographed(screen(size=(2400, 3200), text=80)), 14), Problem.BLURRED),
    "long and out of focus": (blurred(screen(size=(1080, 9000)), 5), Problem.BLURRED),
    "thumbnail": (screen().resize((200, 370)), Problem.THUMBNAIL),
    "photo in the dark": (photographed(screen(), light=0.2), Problem.DARK),
    "white": (Image.new("L", (800, 1200), 255), Problem.BLANK),
    "black": (Image.new("L", (800, 1200), 0), Problem.BLANK),
    "lens covered": (Image.effect_noise((900, 1200), 4), Problem.BLANK),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_a_bad_picture_is_named(name: str) -> None:
    picture, problem = BAD[name]
    assert problem in looked(picture).problems


def test_a_washed_out_photo_is_named() -> None:
    seen = np.asarray(photographed(screen())).astype(float)
    washed = Image.fromarray(
        (215 + seen * 40 / 255 + np.random.default_rng(3).normal(0, 2, seen.shape)).clip(0, 255).astype(np.uint8)
    )
    assert Problem.BRIGHT in looked(washed).problems


def test_a_colourful_photo_without_text_is_no_screenshot() -> None:
    assert not looked(Image.effect_noise((900, 1200), 60)).is_screenshot


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_a_title_and_a_next_step_in_both_languages(problem: Problem) -> None:
    for lang in Lang:
        assert say(lang, f"evidence_look.problem.{problem}.title")
        assert say(lang, f"evidence_look.problem.{problem}.next")


def test_what_pixels_tell_is_a_part_of_all_problems() -> None:
    assert frozenset(Problem) > PIXEL_PROBLEMS
