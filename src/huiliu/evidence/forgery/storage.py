"""An atlas on disk: numbers in one npz, everything countable in one JSON manifest, bound together by a hash. No pickle."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.forgery.limits import Limits
from huiliu.evidence.forgery.matching import Style
from huiliu.evidence.forgery.references import AtlasParts, Cluster
from huiliu.evidence.forgery.splitting import DIGITS

FORMAT = 1
NUMBERS, MANIFEST = "atlas.npz", "atlas.json"
BYTES_MAX = 256 * 1024 * 1024
CLUSTERS_MAX, STYLES_MAX, VARIANTS_MAX = 400, 120, 20_000


class AtlasDamaged(Exception):
    """The two files of an atlas do not belong together, or are not what this version writes."""


class _StyleRow(msgspec.Struct, frozen=True, kw_only=True):
    chars: list[str]
    rows: int
    contrast: float
    is_dark: bool
    seen: int
    columns: list[int]


class _ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    width: int
    heights: list[int]
    is_dark: bool
    pictures: int
    roles: dict[str, dict[str, int]]
    role_pictures: dict[str, int]
    styles: list[_StyleRow]


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    version: str
    pictures: int
    variants: int
    numbers_sha256: str
    limits: dict[str, dict[str, float]] | None = None
    clusters: list[_ClusterRow]


def version(parts: AtlasParts) -> str:
    """Twelve hex digits over the shapes and their counts."""
    digest = hashlib.sha256()
    for cluster in parts.clusters:
        digest.update(cluster.name.encode())
        for style in cluster.styles:
            digest.update("".join(style.chars).encode())
            digest.update(style.profiles.astype("<f2").tobytes())
            digest.update(style.pictures.astype("<i4").tobytes())
    if parts.limits is not None:
        digest.update(msgspec.json.encode(parts.limits.by_signal, order="sorted"))
    return digest.hexdigest()[:12]


def cluster_name(width: int, *, is_dark: bool, styles: list[Style]) -> str:
    """A name that the same phone gets again in another build: width, theme, and height and width of its text's digits."""
    best, height, across = 0, 0, 0
    for style in styles:
        digits = [at for at, char in enumerate(style.chars) if char in DIGITS]
        # Long numbers show most digits on every picture: the size that they are set in stands out in every build.
        if digits and (weight := int(style.pictures[digits].sum())) > best:
            best = weight
            height, across = (round(float(np.median(sizes[digits]))) for sizes in (style.rows, style.widths))
    return f"{width}-{'dark' if is_dark else 'light'}-{height}x{across}"


def save(parts: AtlasParts, folder: Path) -> None:
    """Writes both files beside the old ones and then renames them, the manifest last."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for at, cluster in enumerate(parts.clusters):
        for place, style in enumerate(cluster.styles):
            key = f"{at}_{place}_"
            arrays[key + "profiles"] = style.profiles.astype(np.float16)
            for name, numbers in (("tops", style.tops), ("rows", style.rows), ("pictures", style.pictures)):
                arrays[key + name] = numbers.astype(np.int32)
            arrays[key + "widths"] = style.widths.astype(np.float32)
            arrays[key + "rasters"] = np.concatenate(style.rasters, axis=1)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType]  # numpy's stub takes the keywords for flags
    numbers = buffer.getvalue()
    manifest = _Manifest(
        format=FORMAT,
        version=version(parts),
        pictures=parts.pictures,
        variants=sum(len(style.chars) for cluster in parts.clusters for style in cluster.styles),
        limits=parts.limits.by_signal if parts.limits is not None else None,
        numbers_sha256=hashlib.sha256(numbers).hexdigest(),
        clusters=[_row(cluster) for cluster in parts.clusters],
    )
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / NUMBERS, numbers)
    _write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def load(folder: Path) -> AtlasParts:
    """Reads and checks both files."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_Manifest)
        if (folder / NUMBERS).stat().st_size > BYTES_MAX:
            raise AtlasDamaged("too large")
        numbers = (folder / NUMBERS).read_bytes()
    except (OSError, msgspec.MsgspecError) as error:
        raise AtlasDamaged(str(error)) from error
    if manifest.format != FORMAT or hashlib.sha256(numbers).hexdigest() != manifest.numbers_sha256:
        raise AtlasDamaged("the manifest is of another atlas")
    if len(manifest.clusters) > CLUSTERS_MAX or any(len(row.styles) > STYLES_MAX for row in manifest.clusters):
        raise AtlasDamaged("too many clusters")
    try:
        with np.load(io.BytesIO(numbers), allow_pickle=False) as arrays:
            held = {key: arrays[key] for key in arrays.files}
        clusters = tuple(_cluster(row, held, at) for at, row in enumerate(manifest.clusters))
    except (KeyError, ValueError, MemoryError, zipfile.BadZipFile) as error:  # a lying header asks for any size
        raise AtlasDamaged(str(error)) from error
    return AtlasParts(clusters, manifest.pictures, Limits(manifest.limits) if manifest.limits is not None else None)


def _row(cluster: Cluster) -> _ClusterRow:
    return _ClusterRow(
        name=cluster.name,
        width=cluster.width,
        heights=list(cluster.heights),
        is_dark=cluster.is_dark,
        pictures=cluster.pictures,
        roles={role: {str(at): seen for at, seen in by.items()} for role, by in cluster.roles.items()},
        role_pictures=cluster.role_pictures,
        styles=[
            _StyleRow(
                chars=list(style.chars),
                rows=style.profiles.shape[1],
                contrast=style.contrast,
                is_dark=style.is_dark,
                seen=style.seen,
                columns=[raster.shape[1] for raster in style.rasters],
            )
            for style in cluster.styles
        ],
    )


def _cluster(row: _ClusterRow, arrays: dict[str, NDArray[np.generic]], at: int) -> Cluster:
    styles = tuple(_style(style, arrays, f"{at}_{place}_") for place, style in enumerate(row.styles))
    return Cluster(
        name=row.name,
        width=row.width,
        heights=tuple(row.heights),
        is_dark=row.is_dark,
        pictures=row.pictures,
        styles=styles,
        roles={role: {int(place): seen for place, seen in by.items()} for role, by in row.roles.items()},
        role_pictures=row.role_pictures,
    )


def _style(row: _StyleRow, arrays: dict[str, NDArray[np.generic]], key: str) -> Style:
    count = len(row.chars)
    profiles = arrays[key + "profiles"].astype(np.float32)
    rasters = arrays[key + "rasters"].astype(np.uint8)
    if profiles.shape != (count, row.rows) or rasters.shape != (row.rows, sum(row.columns)) or count > VARIANTS_MAX:
        raise ValueError("shapes differ from the manifest")
    vectors = {name: arrays[key + name] for name in ("tops", "rows", "pictures", "widths")}
    if any(vector.shape != (count,) for vector in vectors.values()) or len(row.columns) != count:
        raise ValueError("counts differ from the manifest")
    edges = np.cumsum(row.columns)[:-1].tolist()
    return Style(
        chars=tuple(row.chars),
        profiles=profiles,
        tops=vectors["tops"].astype(np.int32),
        rows=vectors["rows"].astype(np.int32),
        pictures=vectors["pictures"].astype(np.int32),
        rasters=tuple(np.split(rasters, edges, axis=1)),
        widths=vectors["widths"].astype(np.float32),
        contrast=row.contrast,
        is_dark=row.is_dark,
        seen=row.seen,
    )


def _write(path: Path, data: bytes) -> None:
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_bytes(data)
    os.replace(draft, path)
