"""`huiliu evidence atlas build | show | calibrate`: an atlas of trusted glyphs in a folder, made from true pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from huiliu.cli.evidence.common import FOLDER, bad_input, output_console, progress_bar
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.evidence.forgery.atlas import Atlas, AtlasBuilder
from huiliu.evidence.forgery.calibrate import Calibrator, as_toml
from huiliu.evidence.forgery.limits import load_limits
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.many import load_atlas, read_picture
from huiliu.evidence.reading.reader import Reader
from huiliu.kit.errors import Refusal
from huiliu.kit.text import Lang, refusal_words, say

PICTURES_MAX = 20_000
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".heic", ".avif"})


class BuiltOut(msgspec.Struct, frozen=True, kw_only=True):
    """What `build --json` prints."""

    folder: str
    version: str
    taken: int
    skipped: int
    clusters: int
    variants: int


@click.group()
def atlas() -> None:
    """The atlas of trusted pictures: what real phones' characters look like."""


@atlas.command(name="build")
@click.argument("pictures", type=FOLDER, metavar="DIR")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the atlas.")
@click.option("--limit", type=click.IntRange(1, PICTURES_MAX), default=PICTURES_MAX, help="Pictures at most.")
@click.option("--json", "as_json", is_flag=True, help="Print {folder, version, taken, skipped, clusters, variants}.")
@lang_option
def build_command(*, pictures: Path, out: Path, limit: int, as_json: bool, lang: str | None) -> None:
    """Learn from every picture in DIR and its folders. Whoever runs this vouches that they are true: take only pictures of
    claims that the rail confirmed. One process; some pictures a second."""
    speech = chosen_lang(lang)
    files = sorted(path for path in pictures.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())[:limit]
    builder, taken = AtlasBuilder(), 0
    for learnt in _learning(speech, files, builder):
        taken += learnt
    built = builder.build()
    try:
        built.save(out)
    except OSError as error:
        raise click.FileError(str(out), hint=error.strerror) from error
    facts = BuiltOut(
        folder=str(out),
        version=built.version,
        taken=taken,
        skipped=len(files) - taken,
        clusters=len(built.clusters),
        variants=built.variants,
    )
    if as_json:
        click.echo(msgspec.json.encode(facts).decode())
    else:
        click.echo(say(speech, "evidence_checks.cli.built", **msgspec.structs.asdict(facts)))


@atlas.command(name="show")
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print {version, pictures, variants, clusters: [...]}.")
@lang_option
def show_command(*, folder: Path, as_json: bool, lang: str | None) -> None:
    """What an atlas knows: each kind of phone, its pictures and its characters."""
    speech = chosen_lang(lang)
    try:
        known = load_atlas(folder)
    except Refusal as refusal:
        raise bad_input(speech, refusal) from refusal
    if as_json:
        click.echo(msgspec.json.encode(_atlas_out(known)).decode())
        return
    facts = {"version": known.version[:12], "pictures": known.pictures, "variants": known.variants}
    click.echo(say(speech, "evidence_checks.cli.atlas_version", **facts))
    table = Table()
    for column in ("cluster", "width", "heights", "mode", "pictures", "digits"):
        table.add_column(say(speech, f"evidence_checks.cli.column.{column}"))
    for cluster in known.describe():
        mode = say(speech, f"evidence_checks.cli.mode.{'dark' if cluster.is_dark else 'light'}")
        heights = ", ".join(map(str, cluster.heights))
        numbers = (str(cluster.pictures), f"{cluster.digits_known}/10")
        table.add_row(escape(cluster.name), str(cluster.width), heights, mode, *numbers)
    output_console().print(table)


@atlas.command(name="calibrate")
@click.argument("pictures", type=FOLDER, metavar="DIR")
@click.option(
    "--atlas", "folder", type=FOLDER, required=True, help="Folder that `atlas build` made; it keeps the limits."
)
@click.option("--limit", type=click.IntRange(1, PICTURES_MAX), default=PICTURES_MAX, help="Pictures at most.")
@lang_option
def calibrate_command(*, pictures: Path, folder: Path, limit: int, lang: str | None) -> None:
    """Make the atlas's limits from honest pictures: what one in a hundred of them reaches, with a margin. They must not be
    those the atlas was built from. Prints the limits and how many pictures each rests on."""
    speech = chosen_lang(lang)
    try:
        known = load_atlas(folder)
    except Refusal as refusal:
        raise bad_input(speech, refusal) from refusal
    files = sorted(path for path in pictures.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())[:limit]
    calibrator = Calibrator(known)
    for _ in _learning(speech, files, calibrator):
        pass
    found = calibrator.limits(known.limits or load_limits())
    try:
        known.with_limits(found).save(folder)
    except OSError as error:
        raise click.FileError(str(folder), hint=error.strerror) from error
    click.echo(as_toml(found, calibrator.counts()), nl=False)


def _atlas_out(known: Atlas) -> dict[str, object]:
    clusters = [
        {
            "name": it.name,
            "width": it.width,
            "heights": it.heights,
            "is_dark": it.is_dark,
            "pictures": it.pictures,
            "digits_known": it.digits_known,
            "styles": len(it.styles),
        }
        for it in known.describe()
    ]
    return {"version": known.version, "pictures": known.pictures, "variants": known.variants, "clusters": clusters}


def _learning(speech: Lang, files: list[Path], builder: AtlasBuilder | Calibrator) -> Iterator[bool]:
    """Learn one file after another; what cannot be used is named and left out."""
    console = Console(stderr=True)
    reader = Reader.load()
    with Opener() as opener, progress_bar(console) if console.is_terminal else nullcontext() as bar:
        task = bar.add_task(say(speech, "evidence_checks.cli.building"), total=len(files)) if bar is not None else None
        for file in files:
            yield _learnt(speech, file, builder, reader=reader, opener=opener)
            if bar is not None and task is not None:
                bar.advance(task)


def _learnt(speech: Lang, file: Path, builder: AtlasBuilder | Calibrator, *, reader: Reader, opener: Opener) -> bool:
    try:
        picture = opener.open(read_picture(file))
    except Refusal as refusal:
        why = refusal_words(speech, refusal)[0]
    else:
        reading = reader.read(picture)
        if not reading.private and builder.add(picture, reading.lines, reading.fields):
            return True
        why = say(speech, "evidence_checks.cli.skip_unread")
    click.echo(say(speech, "evidence_checks.cli.skipped", file=file, why=why), err=True)
    return False
