"""What the gate's two sides, the program and its bounded child, must agree on."""

from __future__ import annotations

import struct

MEMORY_BYTES_MAX = 1024 * 1024 * 1024
"""For one picture, above what the forking process has mapped anyway."""
CPU_SECONDS_MAX = 10
WALL_SECONDS_MAX = 30
"""Wall clock for one picture. The limit on processor time is the strict one; a busy host needs patience."""
PIXELS_MAX = 40_000_000
SIDE_MIN = 120
"""Below this nobody can read a screenshot; finer judgement of quality is `look`'s."""
SCANS_MAX = 64
"""Refinements of one progressive JPEG; ordinary ones have about ten, and each costs a pass over all pixels."""
INPUT_BYTES_MAX = 64 * 1024 * 1024
FACTS_BYTES_MAX = 16 * 1024
"""The child's JSON."""
PIECE_BYTES = 1024 * 1024

MESSAGE = struct.Struct("!cf")
"""To the forking process: task letter and seconds."""
LENGTH = struct.Struct("!I")
"""From the child: how long its JSON is."""
REBUILD, PIXELS = b"R", b"P"
