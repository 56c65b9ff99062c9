"""`huiliu bench evidence-pictures`: made screenshots and forgeries with what is in them, for measuring verification."""

from __future__ import annotations

from pathlib import Path

import click

from huiliu.bench.evidence.dataset import Plan, make
from huiliu.bench.evidence.fonts import FontsMissing
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
