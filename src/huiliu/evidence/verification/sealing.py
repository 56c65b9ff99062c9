"""A result on its way into its row and out again: bounded, and sealed, because it names accounts, payees and phones."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec import structs

from huiliu.evidence.inspection.model import Inspection
from huiliu.evidence.verification.model import Result
from huiliu.kit.keyring import Keyring

LINES_KEPT_MAX = 300
"""Lines of text kept of one picture: enough for the atlas and for showing what was read."""
GLYPHS_KEPT_MAX = 12
"""Proofs kept of one finding; each carries two small pictures."""
RESULT_BYTES_MAX = 1_000_000
"""A result above this loses its lines and the pictures of its proofs, never a field, a check or a finding."""


def seal_result(keyring: Keyring, result: Result, *, platform_id: int, file_id: UUID) -> bytes:
    """The bytes for the row; bound to the file, so that no row can carry another's."""
    data = msgspec.json.encode(bounded(result))
    if len(data) > RESULT_BYTES_MAX:
        data = msgspec.json.encode(_lean(result))
    return keyring.seal_bytes(data, context=_context(platform_id, file_id))


def open_result(keyring: Keyring, sealed: bytes, *, platform_id: int, file_id: UUID) -> Result:
    """Raises what Keyring.open raises, and msgspec.ValidationError for a shape of another release."""
    return msgspec.json.decode(keyring.open_bytes(sealed, context=_context(platform_id, file_id)), type=Result)


def bounded(result: Result) -> Result:
    """The same with as many lines and proofs as are kept."""
    frames = tuple(structs.replace(_bounded(frame), lines=()) for frame in result.extra.frames)
    return Result(inspection=_bounded(result.inspection), extra=structs.replace(result.extra, frames=frames))


def _bounded(inspection: Inspection) -> Inspection:
    findings = tuple(structs.replace(each, glyphs=each.glyphs[:GLYPHS_KEPT_MAX]) for each in inspection.findings)
    return structs.replace(inspection, lines=inspection.lines[:LINES_KEPT_MAX], findings=findings)


def _lean(result: Result) -> Result:
    frames = tuple(_without_pictures(frame) for frame in result.extra.frames)
    return Result(inspection=_without_pictures(result.inspection), extra=structs.replace(result.extra, frames=frames))


def _without_pictures(inspection: Inspection) -> Inspection:
    findings = tuple(structs.replace(each, glyphs=()) for each in inspection.findings)
    return structs.replace(inspection, lines=(), findings=findings)


def _context(platform_id: int, file_id: UUID) -> str:
    return f"evidence_inspections.result_sealed:{platform_id}:{file_id}"
