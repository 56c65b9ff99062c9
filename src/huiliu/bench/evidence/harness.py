"""`huiliu bench evidence`: the whole of verification measured on the generator's test seed, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from huiliu.bench.evidence.dataset import MANIFEST, Plan, make, read_manifest
from huiliu.bench.evidence.figures import Figure, Found, main_table
from huiliu.bench.evidence.measure_files import hostile, video
from huiliu.bench.evidence.measure_pixels import pixels
from huiliu.bench.evidence.measure_reuse import reuse
from huiliu.bench.evidence.measure_speed import speed
from huiliu.bench.evidence.measure_text import reading, related
from huiliu.bench.evidence.trial import Seen, read_seen, try_all, write_seen
from huiliu.bench.evidence.truth import Kept, Truth
from huiliu.bench.evidence.videos import MANIFEST as VIDEOS
from huiliu.bench.evidence.videos import make_videos
from huiliu.bench.refunds import machine
from huiliu.evidence.forgery.atlas import AtlasBuilder
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.reading.reader import Reader

SECTIONS = ("reading", "related", "pixels", "speed", "reuse", "video", "uploads")
OF_THE_TRIAL = frozenset({"reading", "related", "pixels", "reuse"})
"""Sections that need every picture inspected; they share one run."""
NEEDS_FORGERIES = frozenset({"related", "pixels"})
PROGRESS_EACH = 100
ATLAS = "atlas"


class Sizes(Struct, frozen=True, kw_only=True):
    """How much is measured."""

    train: int = 320
    test: int = 300
    forged: int = 60
    odd: int = 20
    clips: int = 9
    hashes: int = 10_000_000


QUICK = Sizes(train=48, test=12, forged=4, odd=2, clips=3, hashes=200_000)


def bench_evidence(
    data: Path,
    *,
    sections: Sequence[str] = SECTIONS,
    sizes: Sizes | None = None,
    atlas: Path | None = None,
    workers: int = 2,
    again: bool = False,
    progress: Callable[[str], None] = lambda said: None,
) -> Iterator[Found]:
    """Make what is not made yet under `data`, then measure one section after another.

    `again` takes what the last run saw instead of inspecting every picture.
    """
    sizes = sizes or Sizes()
    prepare(data, sizes, sections, progress=progress)
    truths = _within(read_manifest(data / "test"), sizes) if _needs_pictures(sections) else []
    if atlas is None and _needs_pictures(sections):
        atlas = data / ATLAS if again else build_atlas(data, progress=progress)
    seen: list[Seen] = []
    if wanted := OF_THE_TRIAL & set(sections):
        tried = truths if wanted & NEEDS_FORGERIES else [each for each in truths if each.attacked is None]
        seen = read_seen(data) if again else try_all(
            data / "test", tried, atlas=atlas, workers=workers, progress=_every(len(tried), progress)
        )  # fmt: skip
        write_seen(data, seen)
    measured: dict[str, Callable[[], Found]] = {
        "reading": lambda: reading(seen),
        "related": lambda: related(seen),
        "pixels": lambda: pixels(seen),
        "speed": lambda: speed(data / "test", truths, atlas=atlas),
        "reuse": lambda: reuse(data / "test", seen, hashes=sizes.hashes),
        "video": lambda: video(data / "test"),
        "uploads": hostile,
    }
    for section in SECTIONS:
        if section in sections:
            progress(f"measuring: {section}")
            yield measured[section]()


def report(found: Found) -> str:
    """A section as Markdown: its goals, then what is behind them."""
    return "\n\n".join((main_table(found.figures), *found.tables))


def ground() -> str:
    """What the figures stand on."""
    return f"`huiliu bench evidence` on {machine()}; made pictures of the seed `test`, atlas of the seed `train`."


def missed(found: Found) -> list[Figure]:
    """Goals that were not reached."""
    return [figure for figure in found.figures if figure.is_met is False]


def prepare(data: Path, sizes: Sizes, sections: Sequence[str], *, progress: Callable[[str], None]) -> None:
    """The pictures and clips, unless they are there."""
    if _needs_pictures(sections):
        test = Plan(seed="test", count=sizes.test, containers=tuple(Kept), forged=sizes.forged, odd=sizes.odd)
        for plan in (Plan(seed="train", count=sizes.train, containers=(Kept.PNG,)), test):
            if not (data / plan.seed / MANIFEST).is_file():
                progress(f"making the pictures of the seed {plan.seed}")
                make(plan, data / plan.seed)
    if "video" in sections and not (data / "test" / VIDEOS).is_file():
        progress("making clips")
        make_videos("test", sizes.clips, data / "test")


def build_atlas(data: Path, *, progress: Callable[[str], None]) -> Path:
    """The atlas of the training pictures, made anew each time: yesterday's code may have read them differently."""
    progress("building the atlas of the training pictures")
    builder, reader = AtlasBuilder(), Reader.load()
    with Opener() as opener:
        for truth in read_manifest(data / "train"):
            picture = opener.open((data / "train" / truth.file).read_bytes())
            read = reader.read(picture)
            builder.add(picture, read.lines, read.fields)
    folder = data / ATLAS
    folder.mkdir(parents=True, exist_ok=True)
    builder.build().save(folder)
    return folder


def _needs_pictures(sections: Sequence[str]) -> bool:
    return bool((OF_THE_TRIAL | {"speed"}) & set(sections))


def _within(truths: Sequence[Truth], sizes: Sizes) -> list[Truth]:
    """A set that is there may be larger than what is asked for."""
    forged_bases = sorted({each.base for each in truths if each.attacked is not None})[: sizes.forged]
    return [each for each in truths if (each.base in forged_bases if each.attacked else each.base < sizes.test)]


def _every(count: int, progress: Callable[[str], None]) -> Callable[[int], None]:
    def told(done: int) -> None:
        if done % PROGRESS_EACH == 0:
            progress(f"{done} of {count} pictures")

    return told
