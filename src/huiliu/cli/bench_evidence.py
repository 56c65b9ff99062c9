"""`huiliu bench evidence` and `evidence-pictures`: verification measured on made screenshots and forgeries."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from huiliu.bench.evidence.dataset import Plan, make
from huiliu.bench.evidence.fonts import FontsMissing
from huiliu.bench.evidence.harness import QUICK, SECTIONS, Sizes, bench_evidence, ground, missed, report
from huiliu.bench.evidence.receipts import BASES_MAX, SEEDS
from huiliu.bench.evidence.stage import BrowserMissing
from huiliu.bench.evidence.truth import EDITED, Kept
from huiliu.bench.evidence.videos import make_videos


@click.command("evidence-pictures")
@click.option("--seed", type=click.Choice(SEEDS), required=True, help="Seeds share no picture.")
@click.option("--count", type=click.IntRange(0, BASES_MAX), default=20, show_default=True, help="Screens.")
@click.option("--first", type=click.IntRange(0, BASES_MAX), default=0, show_default=True, help="Number of the first.")
@click.option(
    "--container", "containers", multiple=True, type=click.Choice([each.value for each in Kept]),
    help="How the pictures reach us; again for more. Without it: png, jpg, wechat.",
)  # fmt: skip
@click.option(
    "--forged", type=click.IntRange(0, 1000), default=0, show_default=True, help="Of each kind and container."
)
@click.option("--odd", type=click.IntRange(0, 1000), default=0, show_default=True, help="English and blank pages.")
@click.option("--videos", type=click.IntRange(0, 300), default=0, show_default=True, help="Clips, the kinds in turn.")
@click.option("--jobs", type=click.IntRange(1, 32), default=2, show_default=True, help="Browsers.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
def evidence_pictures(
    *,
    seed: str,
    count: int,
    first: int,
    containers: tuple[str, ...],
    forged: int,
    odd: int,
    videos: int,
    jobs: int,
    out: Path,
) -> None:
    """Make screenshots and forgeries of them, with the truth beside each. Needs Chromium, fonts and the dev packages."""
    plan = Plan(
        seed=seed, count=count, first=first, forged=forged, odd=odd,
        containers=tuple(Kept(each) for each in containers) or EDITED,
    )  # fmt: skip
    try:
        written = make(plan, out, jobs=jobs) if count else 0
        clips = make_videos(seed, videos, out) if videos else []
    except (BrowserMissing, FontsMissing) as missing:
        raise click.ClickException(str(missing)) from missing
    click.echo(f"{written} pictures and {len(clips)} clips in {out}")


@click.command("evidence")
@click.option("--only", default=",".join(SECTIONS), show_default=True, help="Sections, separated by commas.")
@click.option("--count", type=click.IntRange(1, BASES_MAX), help="Screens of the test seed at most.")
@click.option("--forged", type=click.IntRange(0, 1000), help="Forgeries of each kind and container at most.")
@click.option("--quick", is_flag=True, help="Little of everything, to see that it works.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path("var/bench-evidence"), show_default=True,
    help="Where the pictures are kept; made there when they are missing.",
)  # fmt: skip
@click.option("--atlas", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Instead of building one.")
@click.option("--workers", type=click.IntRange(1, 32), default=2, show_default=True, help="Processes.")
@click.option("--again", is_flag=True, help="Figures of the last run's inspections, made anew.")
@click.option("--json", "as_json", is_flag=True, help="A JSON a section.")
@click.pass_context
def evidence(
    ctx: click.Context,
    *,
    only: str,
    count: int | None,
    forged: int | None,
    quick: bool,
    data: Path,
    atlas: Path | None,
    workers: int,
    again: bool,
    as_json: bool,
) -> None:
    """Everything that verification promises, measured on pictures it has not seen. Exit status 1 on what must never be."""
    sections = tuple(part.strip() for part in only.split(","))
    if unknown := [part for part in sections if part not in SECTIONS]:
        raise click.BadParameter(f"unknown: {', '.join(unknown)}; there are {', '.join(SECTIONS)}", param_hint="--only")
    sizes = QUICK if quick else Sizes()
    sizes = msgspec.structs.replace(sizes, test=count or sizes.test, forged=sizes.forged if forged is None else forged)
    if not as_json:
        click.echo(ground())
    broken: list[str] = []
    try:
        for found in bench_evidence(
            data, sections=sections, sizes=sizes, atlas=atlas, workers=workers, again=again,
            progress=lambda said: click.echo(said, err=True),
        ):  # fmt: skip
            click.echo(msgspec.json.encode(found).decode() if as_json else f"\n{report(found)}")
            for figure in missed(found):
                click.echo(f"below the goal: {figure.what}: {figure.measured}, wanted {figure.goal}", err=True)
            broken += found.broken
    except (BrowserMissing, FontsMissing) as missing:
        raise click.ClickException(str(missing)) from missing
    for line in broken:
        click.echo(f"BROKEN: {line}", err=True)
    ctx.exit(1 if broken else 0)
