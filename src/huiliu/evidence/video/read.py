"""What a video says: each scene is read like a picture, and only what no scene of the same page denies is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from huiliu.evidence.inspection.model import FieldName, FieldRead
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.reading.reader import Reading
from huiliu.evidence.video.merge import merge
from huiliu.evidence.video.watch import VideoLook


class Reads(Protocol):
    """What a reader of pictures must do."""

    def read(self, picture: Picture) -> Reading:
        """The lines and fields of one picture."""
        ...


class VideoReading(msgspec.Struct, frozen=True, kw_only=True):
    """Every scene's reading and their sum.

    `fields` are those of the page that shows most; what only another page shows is added. Each box is in the scene that
    `scene_of` names at the same place.
    """

    readings: tuple[Reading, ...]
    fields: tuple[FieldRead, ...]
    scene_of: tuple[int, ...]
    conflicting: tuple[FieldName, ...]
    """Read differently on one page: missing, never guessed."""
    best: int
    """The scene that shows most of the page that shows most."""
    page: str
    missing: tuple[FieldName, ...]
    private: str | None
    """A scene shows a paper that must not be kept."""


def read_video(look: VideoLook, reader: Reads) -> VideoReading:
    """Read every scene of a video and sum up what they say, page by page."""
    readings = tuple(reader.read(scene.picture) for scene in look.scenes)
    fields: dict[FieldName, tuple[FieldRead, int]] = {}
    conflicting: dict[FieldName, None] = {}
    best = -1
    for scenes in _pages(readings):
        merged = merge([readings[at].fields for at in scenes], sharpness=[look.scenes[at].sharpness for at in scenes])
        best = scenes[merged.best] if best < 0 else best
        for field, at in zip(merged.fields, merged.scene_of, strict=True):
            if field.name not in conflicting:
                fields.setdefault(field.name, (field, scenes[at]))
        conflicting |= dict.fromkeys(name for name in merged.conflicting if name not in fields)
    wanted = dict.fromkeys((*readings[best].missing, *conflicting))
    return VideoReading(
        readings=readings,
        fields=tuple(field for field, _ in fields.values()),
        scene_of=tuple(at for _, at in fields.values()),
        conflicting=tuple(conflicting),
        best=best,
        page=readings[best].page,
        missing=tuple(name for name in wanted if name not in fields),
        private=next((reading.private for reading in readings if reading.private), None),
    )


def _pages(readings: Sequence[Reading]) -> list[list[int]]:
    """The scenes of each page, the page with most fields first."""
    scenes: dict[str, list[int]] = {}
    for at, reading in enumerate(readings):
        scenes.setdefault(reading.page, []).append(at)
    return sorted(scenes.values(), key=lambda ats: -max(len(readings[at].fields) for at in ats))
