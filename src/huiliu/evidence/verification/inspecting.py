"""What an inspecting process does: opens, reads, measures one file after another with models that it loaded once.

Only `lane_process` runs this; it brings the models and half a gigabyte.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Protocol, final

import numpy as np
from msgspec import structs

from huiliu.evidence.forgery.atlas import Atlas, AtlasBuilder, ClusterSummary
from huiliu.evidence.forgery.storage import AtlasDamaged
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.model import Expected, FieldName, FieldRead, Inspection, Line
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.inspection.pipeline import Inspector
from huiliu.evidence.look.problems import Problem
from huiliu.evidence.reading.private import BANK_CARD, DRIVING_LICENCE, ID_CARD, PASSPORT
from huiliu.evidence.reading.reader import Reader
from huiliu.evidence.reuse.near import NearHash, near_hash
from huiliu.evidence.verification.frames import summed
from huiliu.evidence.verification.jobs import Build, Built, Inspect, Inspected, Learn, Learnt, Question, Said
from huiliu.evidence.verification.model import AtlasCluster, AtlasStyle
from huiliu.evidence.video.code import find_code
from huiliu.evidence.video.watch import watch

PIPELINE = "1"
"""Raise it with every change that could turn a verdict, so that a stored one says what made it."""
ATLASES_KEPT_MAX = 8
DARK_BELOW = 128
PRIVATE = frozenset({ID_CARD, BANK_CARD, PASSPORT, DRIVING_LICENCE, Problem.PRIVATE.value})


class Opens(Protocol):
    """What opens a stranger's picture: `gate.pixels.Opener` is the real one."""

    def open(self, data: bytes) -> Picture:
        """The upright pixels. Raises Refusals."""
        ...


def load(stack: ExitStack) -> RealBench:
    """The models and the opener, for as long as the process lives."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    return RealBench(Reader.load(threads=threads), stack.enter_context(Opener()))


@final
class RealBench:
    """Answers a worker's questions."""

    def __init__(self, reader: Reader, opener: Opens) -> None:
        self._reader = reader
        self._opener = opener
        self._atlases: dict[str, Atlas | None] = {}
        self._builder = AtlasBuilder()
        self._learnt = 0

    def answer(self, question: Question) -> Said:
        """Do what is asked. Raises Refusal for a file that cannot be opened."""
        match question:
            case Inspect() if question.media_type.startswith("video/"):
                return self._video(question)
            case Inspect():
                return self._picture(question)
            case Learn():
                taken = self._builder.add(self._opener.open(question.data), question.lines, question.fields)
                self._learnt += taken
                return Learnt(was_taken=taken)
            case Build():
                return self._build(question)

    def _picture(self, question: Inspect) -> Inspected:
        began = perf_counter()
        picture = self._opener.open(question.data)
        spent = {"gate": (perf_counter() - began) * 1000}
        inspector = Inspector(self._reader, self._atlas(question.atlas), self._opener)
        found = inspector.inspect_picture(picture, question.expected, timings=spent)
        if is_private(found):
            return Inspected(inspection=found, is_private=True, pipeline=PIPELINE)
        near = () if found.quality.is_screenshot else _telling(near_hash(picture.luma))
        return Inspected(
            inspection=with_code(found, question.expected, found.lines),
            near=tuple(each.bits for each in near),
            near_mirrored=tuple(each.mirrored for each in near),
            profile=_profile(picture) if found.quality.is_screenshot else "",
            pipeline=PIPELINE,
        )

    def _video(self, question: Inspect) -> Inspected:
        look = watch(question.data)
        inspector = Inspector(self._reader, None, self._opener)  # no atlas: a video's codec leaves no glyph as it was
        frames = tuple(inspector.inspect_picture(scene.picture, question.expected) for scene in look.scenes)
        private = next((frame for frame in frames if is_private(frame)), None)
        if private is not None:
            return Inspected(inspection=private, is_private=True, pipeline=PIPELINE)
        lines = [line for frame in frames for line in frame.lines]
        pairs = zip(look.scenes, frames, strict=True)
        near = [each for scene, frame in pairs if not frame.quality.is_screenshot for each in _telling(scene.near)]
        return Inspected(
            inspection=with_code(summed(frames), question.expected, lines),
            near=tuple(each.bits for each in near),
            near_mirrored=tuple(each.mirrored for each in near),
            frames=frames,
            frame_seconds=tuple(scene.seconds for scene in look.scenes),
            video_problems=tuple(problem.value for problem in look.facts.problems),
            pipeline=PIPELINE,
        )

    def _atlas(self, folder: str) -> Atlas | None:
        """The atlas of a folder, loaded once; a damaged one is as good as none, and said in the log."""
        if not folder:
            return None
        if folder not in self._atlases:
            if len(self._atlases) >= ATLASES_KEPT_MAX:
                del self._atlases[next(iter(self._atlases))]
            try:
                self._atlases[folder] = Atlas.load(Path(folder))
            except AtlasDamaged as error:
                print(f"atlas {folder} damaged: {error}", file=sys.stderr)  # noqa: T201 - the worker's log
                self._atlases[folder] = None
        return self._atlases[folder]

    def _build(self, question: Build) -> Built:
        atlas = self._builder.build()
        for name in question.retired:
            atlas = atlas.retire(name)
        atlas.save(Path(question.folder))
        built = Built(
            samples=self._learnt,
            glyphs=atlas.variants,
            clusters=tuple(_shown(cluster) for cluster in atlas.describe()),
        )
        self._builder, self._learnt = AtlasBuilder(), 0
        return built


def is_private(found: Inspection) -> bool:
    """Whether the pipeline took the picture for a paper that nobody may keep."""
    return bool(PRIVATE & {*found.reasons, *found.quality.problems})


def with_code(found: Inspection, expected: Expected, lines: Sequence[Line]) -> Inspection:
    """The one-time code as a field, wherever on the page it stands: it is typed into a note or held beside the screen."""
    if not expected.code or (line := find_code(lines, expected.code)) is None:
        return found
    code = FieldRead(name=FieldName.CODE, value=expected.code, text=line.text, box=line.box, score=line.score)
    others = tuple(field for field in found.fields if field.name is not FieldName.CODE)
    missing = tuple(name for name in found.missing if name is not FieldName.CODE)
    return structs.replace(found, fields=(*others, code), missing=missing)


def _telling(found: NearHash) -> tuple[NearHash, ...]:
    return (found,) if found.is_telling else ()


def _profile(picture: Picture) -> str:
    """Width and theme, as the names of the atlas's clusters begin."""
    theme = "dark" if float(np.median(picture.luma)) < DARK_BELOW else "light"
    return f"{picture.width}-{theme}"


def _shown(cluster: ClusterSummary) -> AtlasCluster:
    return AtlasCluster(
        name=cluster.name,
        width=cluster.width,
        heights=cluster.heights,
        is_dark=cluster.is_dark,
        pictures=cluster.pictures,
        digits_known=cluster.digits_known,
        styles=tuple(
            AtlasStyle(
                height=style.height,
                contrast=style.contrast,
                pictures=style.pictures,
                variants=style.variants,
                samples=style.samples,
            )
            for style in cluster.styles
        ),
    )
