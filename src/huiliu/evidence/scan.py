"""Asking a virus scanner about an upload: its answers as values, and who can be asked. Optional; nothing else needs it.

The gate never shows anything of the original, so a scanner protects only the experts who open sealed originals.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import msgspec

from huiliu.evidence import errors


class Clean(msgspec.Struct, frozen=True):
    """The scanner knows nothing bad about it."""


class Infected(msgspec.Struct, frozen=True):
    """The scanner knows it."""

    name: str


class Unreachable(msgspec.Struct, frozen=True):
    """No answer, or one that cannot be understood."""

    why: str


ScanAnswer: TypeAlias = Clean | Infected | Unreachable


class Scanner(Protocol):
    """Whoever looks for known malware."""

    async def scan(self, data: bytes) -> ScanAnswer:
        """What is known about these bytes. Never raises."""
        ...


async def ensure_clean(scanner: Scanner | None, data: bytes) -> None:
    """Raises InfectedFile, and ScannerDown when nobody answers: an operator who wants scans wants no gaps."""
    if scanner is None:
        return
    match await scanner.scan(data):
        case Clean():
            return
        case Infected():
            raise errors.InfectedFile
        case Unreachable():
            raise errors.ScannerDown
