"""What the program and its bounded processes for video must agree on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Task(StrEnum):
    """What one process does; see child.py."""

    LOOK = "look"
    FRAMES = "frames"
    PACK = "pack"


class No(Exception):
    """Why a video is not taken: a code that process.py turns into a refusal."""


MEMORY_BYTES_MAX = 2 * 1024 * 1024 * 1024
"""Address space; what is really used by a 4K minute is below 0.8 GB."""
CPU_SECONDS_MAX: Mapping[Task, int] = MappingProxyType({Task.LOOK: 40, Task.FRAMES: 40, Task.PACK: 60})
WALL_SECONDS_MAX = 120
"""The limits on processor time are the strict ones; a busy host needs patience."""
DESCRIPTORS_TO_LOOK = 4
"""Standard input, output and error, and the answer: all taken, so that nothing can be opened."""
DESCRIPTORS_TO_PACK = 16
THREADS = 2
HEAD_BYTES_MAX = 16 * 1024
"""One line of JSON."""
PROTOCOLS_NONE = "protocol_whitelist;none"
"""FFmpeg's own word for which kinds of address it may open: a kind that does not exist."""
MORE, END, NO = b"F", b"E", b"{"
"""Before each frame, after the last, and instead of one when the rest cannot be read."""
