"""What a worker and its inspecting processes say to each other: one frame a message, a length and then msgpack.

The inspecting process is trusted no further than its answers' shapes: it reads strangers' pictures.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

from huiliu.evidence.inspection.model import Expected, FieldRead, Inspection, Line
from huiliu.evidence.verification.model import AtlasCluster

LENGTH = struct.Struct("!I")
FRAME_BYTES_MAX = 256 * 1024 * 1024
"""Of a question: a video and its expectations."""
ANSWER_BYTES_MAX = 32 * 1024 * 1024
SCENES_MAX = 24
"""Hashes of one file: a picture has one, a video one a stable scene."""


class Inspect(msgspec.Struct, frozen=True, kw_only=True, tag="inspect"):
    """Read this file and say what is in it."""

    media_type: str
    data: bytes
    expected: Expected
    atlas: str = ""
    """The folder of the platform's atlas; empty: there is none yet."""
    seconds: float
    """After which the process ends itself."""


class Learn(msgspec.Struct, frozen=True, kw_only=True, tag="learn"):
    """Take a trusted picture into the atlas that is being built."""

    data: bytes
    lines: tuple[Line, ...]
    fields: tuple[FieldRead, ...]
    seconds: float


class Build(msgspec.Struct, frozen=True, kw_only=True, tag="build"):
    """Make the atlas of everything learnt since the last one, without the retired clusters, and write it down."""

    folder: str
    retired: tuple[str, ...]
    seconds: float


Question: TypeAlias = Inspect | Learn | Build


class Inspected(msgspec.Struct, frozen=True, kw_only=True, tag="inspected"):
    """Everything found out about a file by itself."""

    inspection: Inspection
    is_private: bool = False
    """An identity card or a picture of a person: nobody may keep it."""
    near: tuple[bytes, ...] = ()
    """What it looks like, 32 bytes a picture or scene; empty for a screenshot, which looks like every other."""
    near_mirrored: tuple[bytes, ...] = ()
    profile: str = ""
    frames: tuple[Inspection, ...] = ()
    frame_seconds: tuple[float, ...] = ()
    video_problems: tuple[str, ...] = ()
    pipeline: str = ""


class NotInspected(msgspec.Struct, frozen=True, kw_only=True, tag="not_inspected"):
    """The file cannot be opened (`is_refused`), or the inspection itself broke on it."""

    is_refused: bool
    code: str


class Learnt(msgspec.Struct, frozen=True, kw_only=True, tag="learnt"):
    """Whether the picture holds enough to learn from."""

    was_taken: bool


class Built(msgspec.Struct, frozen=True, kw_only=True, tag="built"):
    """The atlas lies in its folder."""

    samples: int
    glyphs: int
    clusters: tuple[AtlasCluster, ...]


class Died(msgspec.Struct, frozen=True, kw_only=True, tag="died"):
    """Never sent: the process was killed, ran out of its time or memory, or said nonsense."""

    why: str


Said: TypeAlias = Inspected | NotInspected | Learnt | Built
Answer: TypeAlias = Said | Died
