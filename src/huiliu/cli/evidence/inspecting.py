"""`huiliu evidence inspect`: what is in a picture, whether it fits the records, and whether it looks untouched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from os import cpu_count
from pathlib import Path

import click
import msgspec
from rich.console import Console

from huiliu.cli.evidence.common import FOLDER, bad_input, printable, progress_bar, read_bounded
from huiliu.cli.evidence.shown import error_out, inspection_out, print_inspection
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.evidence.checks.expectations import EXPECTATIONS_BYTES_MAX, Expectations, read_expectations
from huiliu.evidence.inspection.many import TASKS_MAX, Outcome, Setup, Task, inspect_many
from huiliu.evidence.inspection.model import Verdict
from huiliu.kit.errors import Refusal
from huiliu.kit.text import Lang, refusal_words, say

WORKERS_MAX = 64
SEVERAL = 6
"""From this many files on, more than one process is worth loading the models again."""
WRONG = frozenset({Verdict.CONTRADICTED, Verdict.RETAKE})
STATUS_WRONG, STATUS_BAD_INPUT = 1, 2


@click.command(name="inspect")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--expect", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="EXPECT.json: the records."
)
@click.option("--atlas", type=FOLDER, help="Folder that `atlas build` made.")
@click.option("--layouts", type=FOLDER, help="Folder of more layout files.")
@click.option("--draw", type=click.Path(file_okay=False, path_type=Path), help="Folder for copies with boxes drawn on.")
@click.option("--workers", type=click.IntRange(1, WORKERS_MAX), help="Processes; one for a few files, else one a core.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: {file, verdict, reasons, page, fields, ...}.")
@lang_option
@click.pass_context
def inspect_command(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    expect: Path | None,
    atlas: Path | None,
    layouts: Path | None,
    draw: Path | None,
    workers: int | None,
    as_json: bool,
    lang: str | None,
) -> None:
    """Read, check and examine pictures. Exit status 0: each is consistent or unverifiable; 1: one is contradicted or has
    to be taken again; 2: a file or EXPECT.json cannot be used."""
    speech = chosen_lang(lang)
    if len(files) > TASKS_MAX:
        raise click.UsageError(f"> {TASKS_MAX}")
    setup = Setup(atlas=_path(atlas), layouts=_path(layouts), draw=_path(draw))
    several = len(files) >= SEVERAL
    try:
        known = Expectations() if expect is None else read_expectations(read_bounded(expect, EXPECTATIONS_BYTES_MAX))
        tasks = [Task(path=str(file), expected=known.of(str(file))) for file in files]
        outcomes = inspect_many(tasks, setup=setup, workers=workers or ((cpu_count() or 1) if several else 1))
        status = _told(speech, outcomes, total=len(tasks), as_json=as_json)
    except Refusal as refusal:
        raise bad_input(speech, refusal) from refusal
    ctx.exit(status)


def _path(folder: Path | None) -> str:
    return "" if folder is None else str(folder)


def _told(speech: Lang, outcomes: Iterable[Outcome], *, total: int, as_json: bool) -> int:
    """Print each outcome as it comes; the exit status they come to."""
    wrong = bad = False
    counts = dict.fromkeys(Verdict, 0)
    for outcome in _with_bar(speech, outcomes, total):
        if outcome.inspection is None:
            bad = True
            _tell_refusal(speech, outcome, as_json=as_json)
            continue
        wrong = wrong or outcome.inspection.verdict in WRONG
        counts[outcome.inspection.verdict] += 1
        if as_json:
            click.echo(
                msgspec.json.encode(inspection_out(outcome.path, outcome.inspection, drawn=outcome.drawn)).decode()
            )
        else:
            print_inspection(speech, outcome.path, outcome.inspection, drawn=outcome.drawn)
    if total > 1 and not as_json:
        shown = {verdict.value: number for verdict, number in counts.items()}
        click.echo(say(speech, "evidence_checks.cli.summary", files=total, bad=total - sum(counts.values()), **shown))
    return STATUS_WRONG if wrong else STATUS_BAD_INPUT if bad else 0


def _tell_refusal(speech: Lang, outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(error_out(speech, outcome.path, outcome.refusal)).decode())
    else:
        what, todo = refusal_words(speech, outcome.refusal)
        click.echo(f"{printable(outcome.path)}: {what}\n    {todo}", err=True)


def _with_bar(speech: Lang, outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """The outcomes, with a bar on a terminal that is not also printed on."""
    console = Console(stderr=True)
    is_wanted = total >= SEVERAL and console.is_terminal and not Console().is_terminal
    with progress_bar(console) if is_wanted else nullcontext() as bar:
        task = bar.add_task(say(speech, "evidence_checks.cli.inspecting"), total=total) if bar is not None else None
        for outcome in outcomes:
            yield outcome
            if bar is not None and task is not None:
                bar.advance(task)
