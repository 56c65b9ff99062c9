"""`huiliu evidence gate`: whether an upload would be taken, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from huiliu.cli.evidence.common import STATUS_BAD_INPUT, bad_input, printable
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.evidence.gate.rebuild import rebuild_here
from huiliu.evidence.gate.report import GateReport, report
from huiliu.evidence.gate.sniff import VIDEO_BYTES_MAX
from huiliu.evidence.inspection.many import FileUnreadable, read_file
from huiliu.kit.errors import all_refusals
from huiliu.kit.text import Lang, has_words, refusal_words, say

STATUS_REFUSED = 1


@click.command(name="gate")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Of one file: where its rebuilt copy goes."
)
@click.option("--json", "as_json", is_flag=True, help="One object a line: {file, accepted, refusal, media_type, ...}.")
@lang_option
@click.pass_context
def gate_command(
    ctx: click.Context, *, files: tuple[Path, ...], out: Path | None, as_json: bool, lang: str | None
) -> None:
    """What the gate makes of files: taken or refused, what hides in them, what is stripped. Exit status 1 when one is
    refused, 2 when one cannot be opened."""
    speech = chosen_lang(lang)
    if out is not None and len(files) > 1:
        raise click.UsageError("--out: 1 FILE")
    refused = bad = False
    for file in files:
        try:
            data = read_file(file, VIDEO_BYTES_MAX)
        except FileUnreadable as refusal:
            bad = True
            click.echo(f"{printable(str(file))}: {bad_input(speech, refusal).message}", err=True)
            continue
        found = report(data)
        refused = refused or not found.accepted
        if out is not None and found.accepted:
            _write(out, rebuild_here(data).data)
        if as_json:
            click.echo(msgspec.json.encode({"file": printable(str(file))} | msgspec.to_builtins(found)).decode())
        else:
            _print_report(speech, file, found)
    ctx.exit(STATUS_REFUSED if refused else STATUS_BAD_INPUT if bad else 0)


def _print_report(speech: Lang, file: Path, found: GateReport) -> None:
    if not found.accepted:
        kind = next(kind for kind in all_refusals() if vars(kind).get("code") == found.refusal)
        what, todo = refusal_words(speech, kind())
        click.echo(say(speech, "evidence_checks.cli.gate_refused", file=printable(str(file)), what=what, todo=todo))
        return
    facts = {"media_type": found.media_type, "width": found.width, "height": found.height, "size": found.size}
    click.echo(say(speech, "evidence_checks.cli.gate_passed", file=printable(str(file)), **facts))
    for name in found.stripped:
        click.echo(f"    {say(speech, f'evidence_checks.cli.stripped.{name}')}")
    for place, codes in (("flag", found.flags), ("problem", found.problems)):
        for code in codes:
            key = f"evidence_look.{place}.{code}.title"
            click.echo(f"    {say(speech, key) if has_words(key) else code}")


def _write(out: Path, data: bytes) -> None:
    try:
        out.write_bytes(data)
    except OSError as error:
        raise click.FileError(str(out), hint=error.strerror) from error
